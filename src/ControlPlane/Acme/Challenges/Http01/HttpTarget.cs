using System.Globalization;

namespace GrpcCa.ControlPlane.Acme.Challenges.Http01;

/// <summary>Where one hop goes.</summary>
/// <param name="Host">A name, or an address without brackets.</param>
/// <param name="PathAndQuery">Escaped, as it stands in the request line.</param>
internal sealed record HttpTarget(bool Secure, string Host, int Port, string PathAndQuery)
{
    /// <summary>RFC 9110 §7.2: the port is left out when it is the scheme's own.</summary>
    public string HostHeader
    {
        get
        {
            var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
            return Port == (Secure ? 443 : 80) ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{Port}");
        }
    }

    public string Url => $"{(Secure ? "https" : "http")}://{HostHeader}{PathAndQuery}";
}

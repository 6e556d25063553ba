using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace GrpcCa.ControlPlane;

/// <summary>Where the API really listens, known after the bind: port 0 takes a free one.</summary>
internal sealed class ListeningEndpoint(IServer server)
{
    /// <summary>Address and port, such as <c>127.0.0.1:14443</c>.</summary>
    public string Address
    {
        get
        {
            var addresses = server.Features.Get<IServerAddressesFeature>()!.Addresses;
            var url = addresses.First(a => a.StartsWith("https://", StringComparison.Ordinal) && !a.Contains("unix", StringComparison.Ordinal));
            var uri = new Uri(url);
            var host = IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
                ? Dns.GetHostName()
                : uri.Host;
            return $"{host}:{uri.Port}";
        }
    }
}

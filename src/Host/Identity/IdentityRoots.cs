using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using GrpcCa.Protocol.Identity;
using GrpcCa.V1;

namespace GrpcCa.Host.Identity;

/// <summary>Finds out whether a control plane is the one of a fingerprint, before anything is said to it (DESIGN §5).</summary>
internal static class IdentityRoots
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The root of the fingerprint, DER. No secret is on this connection and nothing it says is believed before the fingerprint
    /// is compared. TLS leaves self-signed roots out of the handshake, hence the question.
    /// </summary>
    /// <param name="endpoint">HOST:PORT.</param>
    /// <param name="sha256">The fingerprint.</param>
    /// <param name="whose">Where the fingerprint is from, for people: <c>the join token</c>.</param>
    /// <param name="time">The clock that certificates are held against.</param>
    /// <param name="ct">The caller's.</param>
    /// <exception cref="IdentityException">The peer has another root.</exception>
    /// <exception cref="RpcException">It could not be asked.</exception>
    public static async Task<byte[]> FindAsync(string endpoint, ReadOnlyMemory<byte> sha256, string whose, TimeProvider time, CancellationToken ct)
    {
        X509Certificate2? peer = null;
        var others = new X509Certificate2Collection();
        using var channel = ControlPlaneChannel.Open(endpoint, (_, certificate, chain, _) =>
        {
            if (certificate is null) return false;
            peer = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            foreach (var other in chain?.ChainPolicy.ExtraStore ?? []) others.Add(X509CertificateLoader.LoadCertificate(other.RawData));
            return true;
        }, identity: null, onConnect: null);
        var answer = await new TrustService.TrustServiceClient(channel).ListIdentityRootsAsync(new ListIdentityRootsRequest(), new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + CallTimeout, cancellationToken: ct));

        var shown = answer.RootDers.Select(r => r.ToByteArray()).ToList();
        var root = shown.Find(der => CryptographicOperations.FixedTimeEquals(SHA256.HashData(der), sha256.Span));
        if (root is null)
        {
            var fingerprints = shown.Count == 0 ? "none" : string.Join(", ", shown.Select(der => Convert.ToHexStringLower(SHA256.HashData(der))));
            throw new IdentityException($"{endpoint} is not the control plane of {whose}: it shows identity root {fingerprints}, "
                + $"{whose} says {Convert.ToHexStringLower(sha256.Span)}");
        }
        if (new PeerTrust([root], time).FaultOf(peer!, others) is { } wrong)
            throw new IdentityException($"{endpoint} is not the control plane of {whose}: {wrong}");
        return root;
    }
}

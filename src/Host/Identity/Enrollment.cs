using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using GrpcCa.Protocol.Identity;
using GrpcCa.V1;

namespace GrpcCa.Host.Identity;

/// <summary>
/// Joins a control plane by a one-time token (DESIGN §5): first the identity roots are fetched without any secret and
/// compared with the token's fingerprint, then a second connection that trusts exactly that root carries the secret.
/// </summary>
internal sealed class Enrollment(IdentityStore store, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Joins as a gateway and stores the identity.</summary>
    /// <exception cref="IdentityException">The peer is not the one of the token, the token is refused, or the answer is wrong.</exception>
    /// <exception cref="RpcException">The control plane could not be asked; worth another try.</exception>
    public Task<V1.Gateway> JoinGatewayAsync(JoinToken token, CancellationToken ct) => JoinAsync(token, IdentityUri.GatewayPrefix, async (channel, csr) =>
    {
        var request = new EnrollGatewayRequest { Secret = token.Secret, CsrDer = Google.Protobuf.ByteString.CopyFrom(csr) };
        var answer = await new GatewayService.GatewayServiceClient(channel).EnrollGatewayAsync(request, Options(ct));
        return (answer.Gateway, answer.CertificateDer.ToByteArray(), answer.IdentityRootDers.Select(r => r.ToByteArray()).ToList());
    }, ct);

    /// <summary>Joins as an operator and stores the identity.</summary>
    /// <exception cref="IdentityException">The peer is not the one of the token, the token is refused, or the answer is wrong.</exception>
    /// <exception cref="RpcException">The control plane could not be asked; worth another try.</exception>
    public Task<Operator> JoinOperatorAsync(JoinToken token, CancellationToken ct) => JoinAsync(token, IdentityUri.OperatorPrefix, async (channel, csr) =>
    {
        var request = new EnrollOperatorRequest { Secret = token.Secret, CsrDer = Google.Protobuf.ByteString.CopyFrom(csr) };
        var answer = await new OperatorService.OperatorServiceClient(channel).EnrollOperatorAsync(request, Options(ct));
        return (answer.Operator, answer.CertificateDer.ToByteArray(), answer.IdentityRootDers.Select(r => r.ToByteArray()).ToList());
    }, ct);

    private async Task<T> JoinAsync<T>(JoinToken token, string identityPrefix,
        Func<GrpcChannel, byte[], Task<(T Resource, byte[] Certificate, List<byte[]> Roots)>> enroll, CancellationToken ct)
    {
        var root = await IdentityRoots.FindAsync(token.Endpoint, token.RootSha256, "the join token", time, ct);
        store.SaveTrust(token.Endpoint, [root]);
        var trust = new PeerTrust([root], time);
        using var key = new FreshKey();
        using var channel = ControlPlaneChannel.Open(token.Endpoint, trust, identity: null);
        try
        {
            var (resource, certificateDer, roots) = await enroll(channel, key.SigningRequest());
            using var certificate = key.Join(certificateDer);
            if (!IdentityUri.Read(certificate).Any(u => u.StartsWith(identityPrefix, StringComparison.Ordinal)))
                throw new IdentityException($"the control plane answered with a certificate that names no {identityPrefix}…");
            store.SaveRoots(roots.Count == 0 ? [root] : roots);
            store.SaveIdentity(key, certificateDer);
            return resource;
        }
        catch (RpcException fault) when (trust.LastFault is not null)
        {
            throw new IdentityException($"{token.Endpoint} is not the control plane of the join token: {trust.LastFault}", fault);
        }
        catch (RpcException fault) when (IsRefusal(fault.StatusCode))
        {
            throw new IdentityException($"the control plane refused the join token: {fault.Status.Detail}", fault);
        }
    }

    // gRPC compares deadlines with the machine's clock.
    private static CallOptions Options(CancellationToken ct) =>
        new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + CallTimeout, cancellationToken: ct);

    private static bool IsRefusal(StatusCode code) => code is StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.InvalidArgument
        or StatusCode.NotFound or StatusCode.FailedPrecondition or StatusCode.AlreadyExists;
}

using System.Net.Security;
using System.Net.Sockets;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.TlsAlpn01;

/// <summary>
/// tls-alpn-01 (RFC 8737, for addresses RFC 8738 §6): a TLS handshake for the protocol acme-tls/1, whose certificate
/// carries the digest. Nothing is said inside; the connection closes after it.
/// </summary>
internal sealed class TlsAlpn01Validator(ValidationDialer dialer, TimeProvider time) : IChallengeValidator
{
    private static readonly SslApplicationProtocol AcmeTls = new("acme-tls/1");

    public string Type => "tls-alpn-01";

    public Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken) =>
        BoundedAttempt.RunAsync(task, time, (trace, stop) => LookAsync(task, trace, stop), cancellationToken);

    private async Task LookAsync(ChallengeTask task, AttemptTrace trace, CancellationToken cancellationToken)
    {
        var name = ReverseName.ServerNameOf(task.Identifier);
        trace.Url = $"tls-alpn-01://{Bracketed(task.Identifier.Value)}:{task.Bounds.HttpsPort}";
        var socket = await dialer.DialAsync(
            task.Identifier.Value, task.Bounds.HttpsPort, task.Bounds.Resolvers, new DialGuard(task.Bounds.Ranges), trace, cancellationToken);
        await using var tls = await StrangerTls.AuthenticateAsync(new NetworkStream(socket, ownsSocket: true), name, AcmeTls, trace, cancellationToken);
        // A server that does not know ALPN answers as if it had not been asked (RFC 7301 §3.1).
        if (tls.NegotiatedApplicationProtocol != AcmeTls)
            throw new AttemptFailedException(RefusalReason.Tls, $"{trace.AddressDialled} did not agree to the protocol acme-tls/1 for {name}");
        var der = tls.RemoteCertificate?.GetRawCertData()
            ?? throw new AttemptFailedException(RefusalReason.Tls, $"{trace.AddressDialled} sent no certificate for {name}");
        trace.BytesRead = der.Length;
        if (ChallengeCertificate.WhyRefused(der, task.Identifier, KeyAuthorizationDigest.Of(task.KeyAuthorization)) is { } why)
            throw new AttemptFailedException(RefusalReason.IncorrectResponse, $"the certificate of {trace.AddressDialled} for {name} {why}");
    }

    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
}

using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>TLS with a server nobody can vouch for yet: the handshake is real, its certificate is only looked at.</summary>
internal static class StrangerTls
{
    /// <summary>Takes the stream over, also when it fails.</summary>
    /// <exception cref="AttemptFailedException">Tls.</exception>
    public static async Task<SslStream> AuthenticateAsync(
        Stream stream, string serverName, SslApplicationProtocol protocol, AttemptTrace trace, CancellationToken cancellationToken)
    {
        trace.Enter($"the TLS handshake with {trace.AddressDialled} for {serverName}", RefusalReason.Tls);
        var secure = new SslStream(stream);
        try
        {
            await secure.AuthenticateAsClientAsync(Options(serverName, protocol), cancellationToken);
            var done = secure;
            secure = null;
            return done;
        }
        // OpenSSL's refusals come as one or the other; either way there is no TLS.
        catch (Exception fault) when (fault is AuthenticationException or IOException or SocketException)
        {
            throw new AttemptFailedException(RefusalReason.Tls,
                $"TLS with {trace.AddressDialled} for {serverName} failed: {SafeExcerpt.Of((fault.InnerException ?? fault).Message)}");
        }
        finally
        {
            if (secure is not null) await secure.DisposeAsync();
        }
    }

    private static SslClientAuthenticationOptions Options(string serverName, SslApplicationProtocol protocol) => new()
    {
        TargetHost = serverName,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [protocol],
#pragma warning disable CA5359 // RFC 8555 §8.3 knows no trust here: the certificate is what is being asked for, nobody can have a good one yet.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        // The platform would fetch issuers from the URLs of the certificate, which a stranger wrote.
        CertificateChainPolicy = new X509ChainPolicy
        {
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
            VerificationFlags = X509VerificationFlags.AllFlags,
        },
        AllowRenegotiation = false,
        // A resumed session would show the certificate of an earlier attempt.
        AllowTlsResume = false,
    };
}

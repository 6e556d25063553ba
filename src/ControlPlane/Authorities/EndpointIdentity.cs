using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Pki;
using Microsoft.Extensions.Hosting;
using PublicKey = GrpcCa.ControlPlane.Pki.PublicKey;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>
/// The certificate that the control plane's own endpoint shows. Its key lives in memory only; it is renewed at two
/// thirds of its life, and at every start.
/// </summary>
internal sealed class EndpointIdentity(IdentityAuthority authority, EndpointNames names, TimeProvider time, ILogger<EndpointIdentity> log) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(5), LongestSleep = TimeSpan.FromDays(1);
    private SslStreamCertificateContext? current;

    /// <summary>The certificate with its key, prepared once for all handshakes; <see cref="RenewAsync"/> comes first.</summary>
    public SslStreamCertificateContext Current => Volatile.Read(ref current) ?? throw new InvalidOperationException("the endpoint has no identity yet");

    /// <summary>Takes a new key and certificate.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = PublicKey.FromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo());
        var identity = await authority.IssueServerAsync(names.Names, publicKey, cancellationToken);
        using var certificate = X509CertificateLoader.LoadCertificate(identity.Der);
        // Connections that are being opened may still use the old one: the collector disposes of it.
        Volatile.Write(ref current, SslStreamCertificateContext.Create(certificate.CopyWithPrivateKey(key), additionalCertificates: null, offline: true));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // A timer counts to 49 days; a life may be longer.
                while (UntilRenewal() is var wait && wait > TimeSpan.Zero) await Task.Delay(wait < LongestSleep ? wait : LongestSleep, time, stoppingToken);
                await RenewAsync(stoppingToken);
                log.EndpointRenewed(Current.TargetCertificate.NotAfter.ToUniversalTime());
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                log.EndpointRenewalFailed(RetryAfter, fault);
                await Task.Delay(RetryAfter, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private TimeSpan UntilRenewal()
    {
        var (start, end) = ValidityPeriod.Of(Current.TargetCertificate);
        var wait = start + (end - start) * 2 / 3 - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}

/// <summary>Hosts in the endpoint's certificate; clients go by its URI, other tools by these.</summary>
internal sealed record EndpointNames(ImmutableArray<Identifier> Names);

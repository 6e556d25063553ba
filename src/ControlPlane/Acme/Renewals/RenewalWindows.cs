using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Renewals;

/// <summary>When a certificate is best renewed (RFC 9773 §4.2).</summary>
internal sealed record RenewalWindow(DateTimeOffset Start, DateTimeOffset End, string ExplanationUrl, TimeSpan RetryAfter);

/// <summary>
/// Says when to renew: at two thirds of the life, each certificate at a moment of its own, and at once when it is
/// revoked or an operator pulled its window forward.
/// </summary>
internal sealed class RenewalWindows(IStore store, AuthorityBook authorities, TimeProvider time)
{
    /// <summary>The target that stands for every certificate.</summary>
    public const string Everything = "-";

    private static readonly TimeSpan LongestRetry = TimeSpan.FromHours(6);
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromMinutes(1);

    /// <exception cref="RefusalException">Malformed, AcmeNotFound.</exception>
    public async ValueTask<RenewalWindow> FindAsync(string provisionerId, string certificateId, CancellationToken cancellationToken)
    {
        var (keyId, serial) = CertificateId.Parse(certificateId);
        var (certificate, advance) = await store.ReadAsync(async session =>
        {
            var found = await CertificateStore.FindAsync(session, serial);
            return (found, found is null ? null : await RenewalStore.FindAdvanceAsync(session, found, AuthorityOf(found.Issuer)));
        }, cancellationToken);
        if (certificate is null || certificate.ProvisionerId != provisionerId || !await IsIssuerAsync(certificate.Issuer, keyId, cancellationToken))
            throw new RefusalException(RefusalReason.AcmeNotFound, "no such certificate was issued here");
        var now = time.GetUtcNow();
        if (certificate.RevokedAt is { } revoked) return Past(revoked, certificate, "");
        return advance is not null && advance.At >= certificate.CreatedAt ? Past(advance.At, certificate, advance.ExplanationUrl) : Window(certificate, now);
    }

    /// <summary>Pulls windows forward; returns how many valid certificates it concerns.</summary>
    public async Task<long> AdvanceAsync(string target, string explanationUrl, bool validateOnly, string actor,
        Func<StoreSession, long, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        var issuers = await IssuersOfAsync(target, cancellationToken);
        var now = time.GetUtcNow();
        var count = await store.ReadAsync(s => RenewalStore.CountAsync(s, target, issuers, now), cancellationToken);
        if (validateOnly) return count;
        return await store.ActAsync(async session =>
        {
            await RenewalStore.PutAdvanceAsync(session, target, explanationUrl, now);
            if (alongside is not null) await alongside(session, count);
            return new Acted<long>(count, new AuditEvent(now, "renewal.advance", actor, target,
                [new("certificates", count.ToString()), new("explanationUrl", explanationUrl)]));
        }, cancellationToken);
    }

    // A spread that belongs to the certificate: the same answer at every poll and replica.
    private static RenewalWindow Window(CertificateRecord certificate, DateTimeOffset now)
    {
        var life = certificate.NotAfter - certificate.NotBefore;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(certificate.Serial.Bytes.Span, hash);
        var fraction = BinaryPrimitives.ReadUInt32BigEndian(hash) / (double)uint.MaxValue;
        // Starts between 60 % and 70 % of the life, lasts 5 % of it: over well before the end.
        var start = certificate.NotBefore + life * (0.60 + 0.10 * fraction);
        return new RenewalWindow(Seconds(start), Seconds(start + life * 0.05), "", RetryAfter(life));
    }

    private static RenewalWindow Past(DateTimeOffset since, CertificateRecord certificate, string explanationUrl)
    {
        // RFC 9773 §4.2: a window in the past means: renew now.
        var end = since > certificate.NotBefore ? since : certificate.NotBefore.AddSeconds(1);
        return new RenewalWindow(Seconds(end - TimeSpan.FromHours(1)), Seconds(end), explanationUrl, RetryAfter(certificate.NotAfter - certificate.NotBefore));
    }

    // Short lives are asked about more often: a twenty-fourth of the life, six hours at most.
    private static TimeSpan RetryAfter(TimeSpan life)
    {
        var share = life / 24;
        return share > LongestRetry ? LongestRetry : share < ShortestRetry ? ShortestRetry : share;
    }

    private async ValueTask<bool> IsIssuerAsync(string issuerName, ReadOnlyMemory<byte> keyId, CancellationToken cancellationToken)
    {
        var issuer = (await authorities.CurrentAsync(cancellationToken)).FindIssuer(issuerName);
        return issuer is not null && SubjectKeyIdentifier.Of(issuer.Der).AsSpan().SequenceEqual(keyId.Span);
    }

    private async ValueTask<IReadOnlyList<string>> IssuersOfAsync(string target, CancellationToken cancellationToken)
    {
        if (target == Everything || Protocol.ResourceName.TryParse(target, Protocol.ResourceName.Certificates, out _)) return [];
        var hierarchy = await authorities.CurrentAsync(cancellationToken);
        if (Protocol.ResourceName.TryParse(target, Protocol.ResourceName.Authorities, out var id) && hierarchy.Find(id) is { Purpose: AuthorityPurpose.Issuing } authority)
            return [.. authority.Issuers.Select(i => i.Name)];
        throw new RefusalException(RefusalReason.InvalidArgument, $"{Excerpt.Of(target)} is no certificates/{{serial}}, no authorities/{{id}} that issues, and not '-' for all") { Field = "target" };
    }

    private static string AuthorityOf(string issuerName) => issuerName[..issuerName.IndexOf("/issuers/", StringComparison.Ordinal)];

    private static DateTimeOffset Seconds(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeSeconds(moment.ToUnixTimeSeconds());
}

/// <summary>A certificate's id in RFC 9773 §4.1: base64url(AKI keyIdentifier) "." base64url(serial).</summary>
internal static class CertificateId
{
    /// <exception cref="RefusalException">Malformed.</exception>
    public static (ReadOnlyMemory<byte> KeyIdentifier, SerialNumber Serial) Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && text.IndexOf('.', dot + 1) < 0
            && StrictBase64Url.TryDecode(text[..dot], out var keyIdentifier) && keyIdentifier.Length is > 0 and <= 64
            && StrictBase64Url.TryDecode(text[(dot + 1)..], out var content) && SerialNumber.TryRead(content, out var serial))
            return (keyIdentifier, serial);
        throw new RefusalException(RefusalReason.Malformed, $"{Excerpt.Of(text)} is no certificate id: base64url of the authority key identifier, a dot, base64url of the serial");
    }
}

/// <summary>An issuer's subject key identifier: what its leaves' authority key identifier repeats.</summary>
internal static class SubjectKeyIdentifier
{
    private const string Oid = "2.5.29.14";

    public static byte[] Of(byte[] certificateDer)
    {
        using var certificate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(certificateDer);
        var extension = certificate.Extensions.First(e => e.Oid?.Value == Oid);
        return new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadOctetString();
    }
}

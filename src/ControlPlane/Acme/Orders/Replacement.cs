using GrpcCa.ControlPlane.Acme.Renewals;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>The <c>replaces</c> of an order (RFC 9773 §5): one certificate is replaced by one order.</summary>
internal static class Replacement
{
    private const string Issued = "certificates/";

    /// <summary>Notes the order as the certificate's replacement, in the order's own transaction.</summary>
    /// <exception cref="RefusalException">Malformed, Unauthorized, AlreadyReplaced.</exception>
    public static async ValueTask ClaimAsync(StoreSession session, string certificateId, Order order, AuthorityRecord authority, DateTimeOffset now)
    {
        var (keyIdentifier, serial) = CertificateId.Parse(certificateId);
        var certificate = await CertificateStore.FindAsync(session, serial);
        var issuer = certificate is null ? null : authority.Issuers.FirstOrDefault(i => i.Name == certificate.Issuer);
        if (certificate is null || certificate.ProvisionerId != order.ProvisionerId
            || issuer is null || !SubjectKeyIdentifier.Of(issuer.Der).AsSpan().SequenceEqual(keyIdentifier.Span))
            throw new RefusalException(RefusalReason.Malformed, "replaces names a certificate that was not issued here");
        if (certificate.AccountId != order.AccountId)
            throw new RefusalException(RefusalReason.Unauthorized, "replaces names another account's certificate");
        if (!certificate.Identifiers.Intersect(order.Identifiers).Any())
            throw new RefusalException(RefusalReason.Malformed, "replaces names a certificate that shares no identifier with the order");
        if (await RenewalStore.FindReplacementAsync(session, serial.Hex) is { } earlier
            && (earlier.StartsWith(Issued, StringComparison.Ordinal) || await OrderStore.FindViewAsync(session, earlier, now) is { Status: not OrderStatus.Invalid }))
            throw new RefusalException(RefusalReason.AlreadyReplaced, $"the certificate {serial.Hex} is replaced by another order already");
        await RenewalStore.PutReplacementAsync(session, serial.Hex, order.Id);
    }

    /// <summary>Makes it final with the certificate, since orders are forgotten and certificates are not.</summary>
    public static async ValueTask CloseAsync(StoreSession session, string certificateId, CertificateRecord replacement) =>
        await RenewalStore.PutReplacementAsync(session, CertificateId.Parse(certificateId).Serial.Hex, replacement.Name);
}

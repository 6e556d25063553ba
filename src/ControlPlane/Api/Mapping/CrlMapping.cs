using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Revocation lists on the wire.</summary>
internal static class CrlMapping
{
    public static Crl ToProto(CrlStanding standing, bool withBytes = false)
    {
        var issuer = standing.Issuer;
        using var certificate = X509CertificateLoader.LoadCertificate(issuer.CertificateDer);
        var message = new Crl
        {
            Name = issuer.CrlName,
            Issuer = issuer.Name,
            IssuerSubject = certificate.Subject,
            Url = issuer.Url ?? "",
            Problem = issuer.Problem ?? "",
        };
        if (standing.Crl is not { } crl) return message;
        message.Number = crl.Number;
        message.ThisUpdateTime = Wire.Time(crl.ThisUpdate);
        message.NextUpdateTime = Wire.Time(crl.NextUpdate);
        message.EntryCount = crl.Entries;
        message.SizeBytes = crl.Der.Length;
        message.Sha256 = crl.Sha256;
        message.Imported = crl.IsImported;
        // The book's bytes are never changed: they need not be copied.
        if (withBytes) message.Der = UnsafeByteOperations.UnsafeWrap(crl.Der);
        return message;
    }

    /// <summary>An issuer by the id of its list.</summary>
    /// <exception cref="RefusalException">NotFound.</exception>
    public static async Task<CrlStanding> FindAsync(CrlBook book, string id, CancellationToken cancellationToken) =>
        (await book.CurrentAsync(cancellationToken)).FirstOrDefault(s => s.Issuer.Id == id)
        ?? throw new RefusalException(RefusalReason.NotFound, $"there is no revocation list {Excerpt.Of(id)}");
}

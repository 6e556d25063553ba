using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.Gateway.Trust;

/// <summary>
/// What a gateway has to know of a revocation list before it serves it: whose it is, its number, its times, and that the
/// issuer signed it. A gateway believes no list for the sake of who sent it.
/// </summary>
internal sealed class CrlReading
{
    private const string CrlNumber = "2.5.29.20";
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private readonly ReadOnlyMemory<byte> tbs, algorithm, issuer, entries;
    private readonly byte[] signature;

    private CrlReading(ReadOnlyMemory<byte> der)
    {
        var file = new AsnReader(der, AsnEncodingRules.DER);
        var parts = file.ReadSequence();
        file.ThrowIfNotEmpty();
        tbs = parts.ReadEncodedValue();
        algorithm = parts.ReadEncodedValue();
        signature = parts.ReadBitString(out _);
        parts.ThrowIfNotEmpty();
        var fields = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        fields.ReadInteger(); // version
        if (!fields.ReadEncodedValue().Span.SequenceEqual(algorithm.Span)) throw new AsnContentException("its two signature algorithms differ");
        issuer = fields.ReadEncodedValue();
        ThisUpdate = ReadTime(fields);
        NextUpdate = ReadTime(fields);
        if (fields.HasData && fields.PeekTag() == Asn1Tag.Sequence) entries = fields.ReadEncodedValue();
        Number = ReadNumber(fields.ReadSequence(ExtensionsTag).ReadSequence());
    }

    public BigInteger Number { get; }

    public DateTimeOffset ThisUpdate { get; }

    public DateTimeOffset NextUpdate { get; }

    /// <exception cref="InvalidDataException">It is no list with number and times; the message says why.</exception>
    public static CrlReading Of(ReadOnlyMemory<byte> der)
    {
        try
        {
            return new CrlReading(der);
        }
        catch (Exception cause) when (cause is AsnContentException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"it is no revocation list: {cause.Message}", cause);
        }
    }

    /// <summary>Whether the certificate's key signed it, under the certificate's name.</summary>
    public bool IsSignedBy(PublishedCertificate published)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(published.Der);
        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(issuer.Span)) return false;
        try
        {
            return Verify(certificate);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Whether a certificate stands on the list; <paramref name="serial"/> as its INTEGER has it.</summary>
    public bool Lists(ReadOnlySpan<byte> serial)
    {
        if (entries.IsEmpty) return false;
        var list = new AsnReader(entries, AsnEncodingRules.DER).ReadSequence();
        while (list.HasData)
            if (list.ReadSequence().ReadIntegerBytes().Span.SequenceEqual(serial)) return true;
        return false;
    }

    private bool Verify(X509Certificate2 certificate)
    {
        var oid = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier();
        HashAlgorithmName? hash = oid switch
        {
            "1.2.840.10045.4.3.2" or "1.2.840.113549.1.1.11" => HashAlgorithmName.SHA256,
            "1.2.840.10045.4.3.3" or "1.2.840.113549.1.1.12" => HashAlgorithmName.SHA384,
            "1.2.840.10045.4.3.4" or "1.2.840.113549.1.1.13" => HashAlgorithmName.SHA512,
            _ => null,
        };
        if (hash is not { } known) return false;
        if (oid.StartsWith("1.2.840.10045.", StringComparison.Ordinal))
        {
            using var ec = certificate.GetECDsaPublicKey();
            return ec?.VerifyData(tbs.Span, signature, known, DSASignatureFormat.Rfc3279DerSequence) ?? false;
        }
        using var rsa = certificate.GetRSAPublicKey();
        return rsa?.VerifyData(tbs.Span, signature, known, RSASignaturePadding.Pkcs1) ?? false;
    }

    private static DateTimeOffset ReadTime(AsnReader fields) => fields.PeekTag() == Asn1Tag.UtcTime ? fields.ReadUtcTime(2049) : fields.ReadGeneralizedTime();

    private static BigInteger ReadNumber(AsnReader extensions)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            if (extension.ReadObjectIdentifier() != CrlNumber) continue;
            if (extension.PeekTag() == Asn1Tag.Boolean) extension.ReadBoolean();
            return new AsnReader(extension.ReadOctetString(), AsnEncodingRules.DER).ReadInteger();
        }
        throw new AsnContentException("it has no number");
    }
}

using System.Collections.Immutable;
using System.Formats.Asn1;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>What an issuer's certificate says, read by the lint's own reader.</summary>
internal sealed record IssuerFacts
{
    /// <summary>The subject, DER; empty for a root that is being made (its issuer is its own subject).</summary>
    public required ReadOnlyMemory<byte> SubjectName { get; init; }

    public required ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; init; }

    /// <summary>Empty for a root that is being made.</summary>
    public required ReadOnlyMemory<byte> KeyIdentifier { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>Null: as many levels as one likes.</summary>
    public required int? PathLength { get; init; }

    /// <summary>The name constraints of the issuer and of all above it.</summary>
    public required ImmutableArray<ConstraintReading> Constraints { get; init; }

    /// <summary>A root that is being made stands above itself.</summary>
    public static IssuerFacts OfNewRoot(ReadOnlyMemory<byte> subjectPublicKeyInfo) => new()
    {
        SubjectName = default,
        SubjectPublicKeyInfo = subjectPublicKeyInfo,
        KeyIdentifier = default,
        NotBefore = DateTimeOffset.MinValue,
        NotAfter = DateTimeOffset.MaxValue,
        PathLength = null,
        Constraints = [],
    };

    /// <exception cref="InvalidOperationException">The certificate cannot be an issuer; the message says why.</exception>
    public static IssuerFacts Read(byte[] certificate, IReadOnlyList<byte[]> above)
    {
        try
        {
            var tbs = TbsOf(certificate);
            return new IssuerFacts
            {
                SubjectName = tbs.Subject,
                SubjectPublicKeyInfo = tbs.PublicKey,
                KeyIdentifier = KeyIdentifierOf(tbs),
                NotBefore = TimeReading.Read(tbs.NotBefore).Time,
                NotAfter = TimeReading.Read(tbs.NotAfter).Time,
                PathLength = PathLengthOf(tbs),
                Constraints = [.. above.Select(TbsOf).Prepend(tbs).Select(ConstraintReading.Of).OfType<ConstraintReading>()],
            };
        }
        catch (AsnContentException fault)
        {
            throw new InvalidOperationException($"the issuer's certificate cannot be read: {fault.Message}", fault);
        }
    }

    private static TbsReading TbsOf(byte[] certificate) =>
        TbsReading.Read(new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence().ReadEncodedValue());

    private static byte[] KeyIdentifierOf(TbsReading tbs)
    {
        var extension = Find(tbs, Oids.SubjectKeyIdentifier)
            ?? throw new InvalidOperationException("the issuer's certificate has no subject key identifier (RFC 5280 §4.2.1.2)");
        return new AsnReader(extension.Value, AsnEncodingRules.DER).ReadOctetString();
    }

    private static int? PathLengthOf(TbsReading tbs)
    {
        var constraints = Find(tbs, Oids.BasicConstraints) is { } extension ? BasicConstraintsReading.Of(extension) : null;
        if (constraints is not { IsAuthority: true })
            throw new InvalidOperationException("the issuer's certificate is no authority's (RFC 5280 §4.2.1.9)");
        if (Find(tbs, Oids.KeyUsage) is { } usage && (KeyUsageReading.Bits(usage) & KeyUsageReading.KeyCertSign) == 0)
            throw new InvalidOperationException("the issuer's key may not sign certificates (RFC 5280 §4.2.1.3)");
        return constraints.PathLength;
    }

    private static TbsExtension? Find(TbsReading tbs, string oid) => tbs.Extensions.FirstOrDefault(extension => extension.Oid == oid);
}

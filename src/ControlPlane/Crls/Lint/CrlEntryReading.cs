using System.Collections.Immutable;
using System.Formats.Asn1;
using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Crls.Lint;

/// <summary>An entry of revokedCertificates (RFC 5280 §5.1.2.6), read one at a time.</summary>
internal readonly record struct CrlEntryReading(ReadOnlyMemory<byte> Serial, ReadOnlyMemory<byte> RevocationDate, ImmutableArray<TbsExtension> Extensions)
{
    /// <summary>The entries of a list, lazily: it may have very many.</summary>
    public static IEnumerable<CrlEntryReading> All(CrlReading crl)
    {
        if (crl.Entries is not { } encoded) yield break;
        var list = new AsnReader(encoded, AsnEncodingRules.DER).ReadSequence();
        while (list.HasData)
        {
            var entry = list.ReadSequence();
            var serial = entry.ReadIntegerBytes();
            var time = entry.ReadEncodedValue();
            ImmutableArray<TbsExtension> extensions = [];
            if (entry.HasData)
            {
                var fields = entry.ReadSequence();
                if (!fields.HasData) throw new AsnContentException("an entry has an empty list of extensions");
                extensions = TbsExtension.ReadAll(fields);
            }
            entry.ThrowIfNotEmpty();
            yield return new(serial, time, extensions);
        }
    }

    /// <summary>The reason's number; null without the extension.</summary>
    public int? Reason()
    {
        if (Find(Oids.ReasonCode) is not { } extension) return null;
        var reader = new AsnReader(extension.Value, AsnEncodingRules.DER);
        var content = reader.ReadEnumeratedBytes();
        reader.ThrowIfNotEmpty();
        return content.Length == 1 ? content.Span[0] : throw new AsnContentException("the reason is no small number");
    }

    /// <summary>invalidityDate; null without the extension.</summary>
    public DateTimeOffset? InvalidSince()
    {
        if (Find(Oids.InvalidityDate) is not { } extension) return null;
        // §5.3.2: GeneralizedTime always.
        var (time, isUtc) = TimeReading.Read(extension.Value);
        return isUtc ? throw new AsnContentException("the invalidity date is a UTCTime") : time;
    }

    private TbsExtension? Find(string oid) => Extensions.FirstOrDefault(extension => extension.Oid == oid);
}

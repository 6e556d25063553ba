using System.Formats.Asn1;
using System.Globalization;
using System.Text;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>A time of the validity with the form it is written in (RFC 5280 §4.1.2.5).</summary>
internal readonly record struct TimeReading(DateTimeOffset Time, bool IsUtcTime)
{
    /// <exception cref="AsnContentException">It is not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ.</exception>
    public static TimeReading Read(ReadOnlyMemory<byte> encoded)
    {
        var reader = new AsnReader(encoded, AsnEncodingRules.DER);
        var tag = reader.PeekTag();
        var isUtc = tag == Asn1Tag.UtcTime;
        if (!isUtc && tag != Asn1Tag.GeneralizedTime) throw new AsnContentException($"{tag} is no time");
        var text = Encoding.Latin1.GetString(reader.PeekContentBytes().Span);
        if (text.Length != (isUtc ? 13 : 15) || text[^1] != 'Z' || text.AsSpan(..^1).ContainsAnyExceptInRange('0', '9'))
            throw new AsnContentException($"'{text}' is no time with seconds that ends in Z");
        // §4.1.2.5.1: two digits of 50 and more are of the last century.
        var full = isUtc ? (text[0] >= '5' ? "19" : "20") + text : text;
        return DateTimeOffset.TryParseExact(full, "yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new TimeReading(time, isUtc)
            : throw new AsnContentException($"'{text}' is no date");
    }
}

/// <summary>BasicConstraints (RFC 5280 §4.2.1.9).</summary>
internal sealed record BasicConstraintsReading(bool IsAuthority, int? PathLength)
{
    public static BasicConstraintsReading Of(TbsExtension extension)
    {
        var fields = extension.Sequence();
        var authority = false;
        if (fields.HasData && fields.PeekTag() == Asn1Tag.Boolean)
        {
            authority = fields.ReadBoolean();
            if (!authority) throw new AsnContentException("it writes its default, cA FALSE");
        }
        int? length = null;
        if (fields.HasData)
        {
            if (!fields.TryReadInt32(out var number) || number < 0) throw new AsnContentException("the path length is no small number");
            length = number;
        }
        fields.ThrowIfNotEmpty();
        return new BasicConstraintsReading(authority, length);
    }
}

/// <summary>KeyUsage as its octets (RFC 5280 §4.2.1.3).</summary>
internal static class KeyUsageReading
{
    public const int DigitalSignature = 0x8000, KeyEncipherment = 0x2000, KeyCertSign = 0x0400, CrlSign = 0x0200;

    /// <summary>The nine bits, digitalSignature as the highest of sixteen.</summary>
    public static int Bits(TbsExtension extension)
    {
        var reader = new AsnReader(extension.Value, AsnEncodingRules.DER);
        var octets = reader.ReadBitString(out var unused);
        reader.ThrowIfNotEmpty();
        if (octets.Length is 0 or > 2) throw new AsnContentException("it has no bits, or too many");
        // X.690 §11.2.2: trailing zero bits are left out.
        if ((octets[^1] & (1 << unused)) == 0) throw new AsnContentException("it has trailing zero bits");
        return (octets[0] << 8) | (octets.Length == 2 ? octets[1] : 0);
    }
}

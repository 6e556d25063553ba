using System.Formats.Asn1;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>
/// Walks every element of a value, so that also what no rule reads is DER: definite minimal lengths, minimal integers,
/// sorted sets, one form of truth (X.690 §10, §11). Times are left to their own rule.
/// </summary>
internal static class StrictDer
{
    private const int Deepest = 16;

    /// <exception cref="AsnContentException">Something is not DER.</exception>
    public static void Check(ReadOnlyMemory<byte> value) => Walk(new AsnReader(value, AsnEncodingRules.DER), 0);

    private static void Walk(AsnReader reader, int depth)
    {
        if (depth > Deepest) throw new AsnContentException("it is nested too deep");
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            if (tag.TagClass != TagClass.Universal) WalkTagged(reader, tag, depth);
            else ReadUniversal(reader, tag, depth);
        }
    }

    private static void WalkTagged(AsnReader reader, Asn1Tag tag, int depth)
    {
        if (tag.IsConstructed) Walk(reader.ReadSequence(tag), depth + 1);
        else reader.ReadEncodedValue();
    }

    private static void ReadUniversal(AsnReader reader, Asn1Tag tag, int depth)
    {
        switch ((UniversalTagNumber)tag.TagValue)
        {
            case UniversalTagNumber.Sequence:
                Walk(reader.ReadSequence(), depth + 1);
                break;
            case UniversalTagNumber.Set:
                Walk(reader.ReadSetOf(), depth + 1);
                break;
            case UniversalTagNumber.Boolean:
                reader.ReadBoolean();
                break;
            case UniversalTagNumber.Integer:
                reader.ReadIntegerBytes();
                break;
            case UniversalTagNumber.ObjectIdentifier:
                reader.ReadObjectIdentifier();
                break;
            case UniversalTagNumber.Null:
                reader.ReadNull();
                break;
            case UniversalTagNumber.BitString:
                reader.ReadBitString(out _);
                break;
            case UniversalTagNumber.OctetString:
                reader.ReadOctetString();
                break;
            case UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String:
            case UniversalTagNumber.NumericString or UniversalTagNumber.VisibleString:
                reader.ReadCharacterString((UniversalTagNumber)tag.TagValue);
                break;
            case UniversalTagNumber.UtcTime or UniversalTagNumber.GeneralizedTime:
            case UniversalTagNumber.T61String or UniversalTagNumber.BMPString or UniversalTagNumber.UniversalString:
                if (tag.IsConstructed) throw new AsnContentException($"a {tag} is in pieces");
                reader.ReadEncodedValue();
                break;
            default:
                throw new AsnContentException($"a {tag} has no place in a certificate");
        }
    }
}

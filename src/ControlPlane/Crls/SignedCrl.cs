using System.Formats.Asn1;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signature } (RFC 5280 §5.1).</summary>
internal static class SignedCrl
{
    // Header, algorithm and the longest signature we know (RSA 4096).
    private const int Around = 1024;

    /// <summary>Puts the signature to the bytes it is of; the algorithm is the one inside them (§5.1.1.2).</summary>
    public static byte[] Assemble(ReadOnlyMemory<byte> tbs, ReadOnlySpan<byte> signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, tbs.Length + Around);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(tbs.Span);
            writer.WriteEncodedValue(AlgorithmOf(tbs).Span);
            writer.WriteBitString(signature);
        }
        return writer.Encode();
    }

    /// <summary>Takes a list apart again.</summary>
    /// <exception cref="AsnContentException">It is not DER, or not three parts.</exception>
    public static (ReadOnlyMemory<byte> Tbs, ReadOnlyMemory<byte> Algorithm, byte[] Signature) TakeApart(ReadOnlyMemory<byte> crl)
    {
        var file = new AsnReader(crl, AsnEncodingRules.DER);
        var parts = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var tbs = parts.ReadEncodedValue();
        var algorithm = parts.ReadEncodedValue();
        var signature = parts.ReadBitString(out var unused);
        parts.ThrowIfNotEmpty();
        return unused == 0 ? (tbs, algorithm, signature) : throw new AsnContentException("the signature is not whole octets");
    }

    private static ReadOnlyMemory<byte> AlgorithmOf(ReadOnlyMemory<byte> tbs)
    {
        var fields = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        fields.ReadInteger(); // version
        return fields.ReadEncodedValue();
    }
}

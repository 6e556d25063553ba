using System.Formats.Asn1;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature } (RFC 5280 §4.1).</summary>
internal static class SignedCertificate
{
    // Header, algorithm and the longest signature we know (RSA 4096).
    private const int Around = 1024;

    /// <summary>Puts the signature to the bytes it is of; the algorithm is the one inside them (§4.1.1.2).</summary>
    public static byte[] Assemble(ReadOnlyMemory<byte> tbs, ReadOnlySpan<byte> signature) => Assemble(tbs, SignatureAlgorithmOf(tbs), signature);

    /// <summary>The same for whatever is signed in this form: a revocation list, too.</summary>
    public static byte[] Assemble(ReadOnlyMemory<byte> tbs, ReadOnlyMemory<byte> algorithm, ReadOnlySpan<byte> signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, tbs.Length + Around);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(tbs.Span);
            writer.WriteEncodedValue(algorithm.Span);
            writer.WriteBitString(signature);
        }
        return writer.Encode();
    }

    /// <summary>Takes a certificate, or a revocation list, apart again.</summary>
    /// <exception cref="AsnContentException">It is not DER, or not three parts.</exception>
    public static (ReadOnlyMemory<byte> Tbs, ReadOnlyMemory<byte> Algorithm, byte[] Signature) TakeApart(ReadOnlyMemory<byte> certificate)
    {
        var file = new AsnReader(certificate, AsnEncodingRules.DER);
        var parts = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var tbs = parts.ReadEncodedValue();
        var algorithm = parts.ReadEncodedValue();
        var signature = parts.ReadBitString(out var unused);
        parts.ThrowIfNotEmpty();
        return unused == 0 ? (tbs, algorithm, signature) : throw new AsnContentException("the signature is not whole octets");
    }

    private static ReadOnlyMemory<byte> SignatureAlgorithmOf(ReadOnlyMemory<byte> tbs)
    {
        var fields = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        fields.ReadEncodedValue(); // version
        fields.ReadEncodedValue(); // serial number
        return fields.ReadEncodedValue();
    }
}

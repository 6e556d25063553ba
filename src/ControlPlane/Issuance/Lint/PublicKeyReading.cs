using System.Formats.Asn1;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>A SubjectPublicKeyInfo with an algorithm and parameters that are accepted (RFC 5480, RFC 3279 §2.3.1, RFC 8410).</summary>
internal sealed record PublicKeyReading(string Algorithm, string Curve, int RsaBits, byte[] KeyBits)
{
    private static readonly byte[] EcdsaWithSha256 = Encode(Oids.EcdsaWithSha256), EcdsaWithSha384 = Encode(Oids.EcdsaWithSha384), Sha256WithRsa = Encode(Oids.Sha256WithRsa);

    /// <exception cref="AsnContentException">Another algorithm, other parameters, or a key of a form or size that is not accepted.</exception>
    public static PublicKeyReading Of(ReadOnlyMemory<byte> info)
    {
        var file = new AsnReader(info, AsnEncodingRules.DER);
        var fields = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var algorithm = fields.ReadSequence();
        var key = fields.ReadBitString(out var unused);
        fields.ThrowIfNotEmpty();
        if (unused != 0) throw new AsnContentException("the key is not whole octets");
        var oid = algorithm.ReadObjectIdentifier();
        var curve = "";
        if (oid == Oids.EcPublicKey) curve = algorithm.ReadObjectIdentifier();
        else if (oid == Oids.RsaEncryption) algorithm.ReadNull();
        algorithm.ThrowIfNotEmpty();
        return oid switch
        {
            Oids.EcPublicKey => new(oid, CheckPoint(curve, key), 0, key),
            Oids.RsaEncryption => new(oid, "", CheckRsa(key), key),
            Oids.Ed25519 => key.Length == 32 ? new(oid, "", 0, key) : throw new AsnContentException("an Ed25519 key has 32 octets"),
            _ => throw new AsnContentException($"algorithm {oid} is not accepted"),
        };
    }

    /// <summary>How such a key signs certificates, DER.</summary>
    public ReadOnlySpan<byte> SignatureAlgorithm() => (Algorithm, Curve) switch
    {
        (Oids.EcPublicKey, Oids.P256) => EcdsaWithSha256,
        (Oids.EcPublicKey, Oids.P384) => EcdsaWithSha384,
        (Oids.RsaEncryption, _) => Sha256WithRsa,
        _ => throw new AsnContentException("the issuer's key is of a kind that signs no certificates here"),
    };

    private static byte[] Encode(string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (oid == Oids.Sha256WithRsa) writer.WriteNull();
        }
        return writer.Encode();
    }

    // RFC 5480 §2.2: the uncompressed form.
    private static string CheckPoint(string curve, byte[] key)
    {
        var size = curve switch
        {
            Oids.P256 => 32,
            Oids.P384 => 48,
            Oids.P521 => 66,
            _ => throw new AsnContentException($"curve {curve} is not accepted"),
        };
        return key.Length == 1 + (2 * size) && key[0] == 4 ? curve : throw new AsnContentException("the point is not in the uncompressed form of its curve");
    }

    private static int CheckRsa(byte[] key)
    {
        var file = new AsnReader(key, AsnEncodingRules.DER);
        var fields = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var modulus = fields.ReadIntegerBytes();
        var exponent = fields.ReadInteger();
        fields.ThrowIfNotEmpty();
        // A positive number with its highest bit set has one zero octet before it.
        var bits = (modulus.Length - 1) * 8;
        if (modulus.Span[0] != 0 || modulus.Span[1] < 0x80 || bits is < 2048 or > 4096)
            throw new AsnContentException("the modulus has not 2048 to 4096 bits in whole octets");
        return exponent == 65537 ? bits : throw new AsnContentException("the exponent is not 65537");
    }
}

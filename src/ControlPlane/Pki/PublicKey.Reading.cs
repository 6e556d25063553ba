using System.Formats.Asn1;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace GrpcCa.ControlPlane.Pki;

// Sizes and algorithms are looked at before any number reaches a library: a modulus of 16,384 bits costs seconds there.
internal sealed partial class PublicKey
{
    private const string RsaOid = "1.2.840.113549.1.1.1", EcOid = "1.2.840.10045.2.1", Ed25519Oid = "1.3.101.112";
    private const int LargestSpki = 1024; // RSA 4096 takes 550
    private static readonly byte[] Exponent65537 = [1, 0, 1];

    /// <summary>Reads a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of an accepted kind.</summary>
    /// <exception cref="PublicKeyException">Broken, of another kind, weak, or not on its curve.</exception>
    public static PublicKey FromSubjectPublicKeyInfo(ReadOnlyMemory<byte> der)
    {
        try
        {
            var outer = new AsnReader(der, AsnEncodingRules.DER);
            var info = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var algorithm = info.ReadSequence();
            var oid = algorithm.ReadObjectIdentifier();
            var content = info.ReadBitString(out var unused);
            info.ThrowIfNotEmpty();
            if (unused != 0) throw new PublicKeyException("the public key is no whole number of octets");
            return oid switch
            {
                RsaOid => ReadRsa(algorithm, content, der.Length),
                EcOid => ReadEc(algorithm, content),
                Ed25519Oid => ReadEd25519(algorithm, content),
                _ => throw new PublicKeyException($"keys of the kind {KnownOids.Describe(oid)} are not accepted; RSA, EC P-256, P-384, P-521 and Ed25519 are"),
            };
        }
        catch (AsnContentException)
        {
            throw new PublicKeyException("the public key is no valid DER SubjectPublicKeyInfo");
        }
    }

    /// <summary>An RSA key from its numbers, big-endian without leading zeros.</summary>
    /// <exception cref="PublicKeyException">Too small, too large, weak, or another exponent than 65537.</exception>
    public static PublicKey FromRsa(byte[] n, byte[] e)
    {
        if (!e.AsSpan().SequenceEqual(Exponent65537)) throw new PublicKeyException("the RSA key has another exponent than 65537");
        if (RsaModulus.WhyRefused(n) is { } why) throw new PublicKeyException($"the RSA key {why}");
        return new(KeyType.Rsa, 8 * n.Length, n, e);
    }

    /// <summary>An EC key from its coordinates, each exactly as long as the curve's field.</summary>
    /// <exception cref="PublicKeyException">Not on the curve.</exception>
    public static PublicKey FromEc(KeyType curve, byte[] x, byte[] y)
    {
        var parameters = EcCurve.ByType(curve) ?? throw new PublicKeyException($"{curve} is no elliptic curve");
        if (x.Length != parameters.Size || y.Length != parameters.Size)
            throw new PublicKeyException($"the coordinates of a P-{parameters.Bits} key have {parameters.Size} octets, not {x.Length} and {y.Length}");
        if (!parameters.Contains(x, y)) throw new PublicKeyException($"the key's point is not on the curve P-{parameters.Bits}");
        return new(curve, parameters.Bits, x, y);
    }

    /// <summary>An Ed25519 key from its 32 octets (RFC 8032 §5.1.5).</summary>
    /// <exception cref="PublicKeyException">Not a canonical point of the prime-order group.</exception>
    public static PublicKey FromEd25519(byte[] x)
    {
        if (x.Length != Ed25519.PublicKeySize)
            throw new PublicKeyException($"an Ed25519 key has {Ed25519.PublicKeySize} octets, not {x.Length}");
        var valid = Ed25519.ValidatePublicKeyFullExport(x, 0)
            ?? throw new PublicKeyException("the Ed25519 key is no point of the curve's prime-order group");
        return new(KeyType.Ed25519, 256, x, [], valid);
    }

    private static PublicKey ReadRsa(AsnReader parameters, byte[] content, int size)
    {
        parameters.ReadNull(); // RFC 3279 §2.3.1: present and NULL
        parameters.ThrowIfNotEmpty();
        if (size > LargestSpki) throw new PublicKeyException($"the RSA key has more than {RsaModulus.LargestBits} bits");
        var reader = new AsnReader(content, AsnEncodingRules.DER);
        var numbers = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var n = Unsigned(numbers.ReadIntegerBytes().Span);
        var e = Unsigned(numbers.ReadIntegerBytes().Span);
        numbers.ThrowIfNotEmpty();
        return FromRsa(n, e);
    }

    private static byte[] Unsigned(ReadOnlySpan<byte> integer)
    {
        if (integer[0] >= 0x80) throw new PublicKeyException("the RSA key has a negative number");
        return integer[0] == 0 ? integer[1..].ToArray() : integer.ToArray();
    }

    private static PublicKey ReadEc(AsnReader parameters, byte[] octets)
    {
        // RFC 5480 §2.1.1: curves by name only.
        if (parameters.PeekTag() != Asn1Tag.ObjectIdentifier) throw new PublicKeyException("the EC key does not name its curve");
        var oid = parameters.ReadObjectIdentifier();
        parameters.ThrowIfNotEmpty();
        var named = EcCurve.ByOid(oid)
            ?? throw new PublicKeyException($"the curve {KnownOids.Describe(oid)} is not accepted; P-256, P-384 and P-521 are");
        if (octets.Length == 0 || octets[0] != 4)
            throw new PublicKeyException("the EC key's point is compressed or of an unknown form; only the uncompressed form is accepted");
        if (octets.Length != 1 + (2 * named.Size))
            throw new PublicKeyException($"the EC key's point has {octets.Length} octets; on P-{named.Bits} it has {1 + (2 * named.Size)}");
        return FromEc(named.Type, octets[1..(1 + named.Size)], octets[(1 + named.Size)..]);
    }

    private static PublicKey ReadEd25519(AsnReader parameters, byte[] octets)
    {
        parameters.ThrowIfNotEmpty(); // RFC 8410 §3: absent
        return FromEd25519(octets);
    }

    private byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Type switch { KeyType.Rsa => RsaOid, KeyType.Ed25519 => Ed25519Oid, _ => EcOid });
                if (Type == KeyType.Rsa) writer.WriteNull();
                if (curve is not null) writer.WriteObjectIdentifier(curve.Oid);
            }
            writer.WriteBitString(Type switch
            {
                KeyType.Rsa => EncodeRsa(first, second),
                KeyType.Ed25519 => first,
                _ => [4, .. first, .. second],
            });
        }
        return writer.Encode();
    }

    private static byte[] EncodeRsa(byte[] n, byte[] e)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(n);
            writer.WriteIntegerUnsigned(e);
        }
        return writer.Encode();
    }

    /// <summary>The platform throws for some broken signatures and answers false for others: only well-formed ones get there.</summary>
    private static bool IsEcdsaDer(ReadOnlySpan<byte> signature)
    {
        try
        {
            AsnDecoder.ReadSequence(signature, AsnEncodingRules.DER, out var offset, out var length, out var consumed);
            if (consumed != signature.Length) return false;
            var numbers = signature.Slice(offset, length);
            AsnDecoder.ReadIntegerBytes(numbers, AsnEncodingRules.DER, out var r);
            AsnDecoder.ReadIntegerBytes(numbers[r..], AsnEncodingRules.DER, out var s);
            return r + s == length;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }
}

using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>The three NIST curves (FIPS 186-5, SEC 2) with what is needed to tell whether a point is on them.</summary>
internal sealed class EcCurve
{
    private readonly BigInteger prime, b;

    private EcCurve(KeyType type, int bits, string oid, ECCurve platform, HashAlgorithmName hash, string prime, string b)
    {
        (Type, Bits, Oid, Platform, Hash) = (type, bits, oid, platform, hash);
        this.prime = BigInteger.Parse("0" + prime, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        this.b = BigInteger.Parse("0" + b, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    public static EcCurve P256 { get; } = new(
        KeyType.EcP256, 256, "1.2.840.10045.3.1.7", ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256,
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");

    public static EcCurve P384 { get; } = new(
        KeyType.EcP384, 384, "1.3.132.0.34", ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384,
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
        "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF");

    public static EcCurve P521 { get; } = new(
        KeyType.EcP521, 521, "1.3.132.0.35", ECCurve.NamedCurves.nistP521, HashAlgorithmName.SHA512,
        "01FF" + new string('F', 128),
        "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00");

    public KeyType Type { get; }

    public int Bits { get; }

    public string Oid { get; }

    public ECCurve Platform { get; }

    /// <summary>The hash that JWS pairs with the curve (RFC 7518 §3.4).</summary>
    public HashAlgorithmName Hash { get; }

    /// <summary>Octets of a coordinate; here also those of r and of s.</summary>
    public int Size => (Bits + 7) / 8;

    public static EcCurve? ByType(KeyType type) => type switch
    {
        KeyType.EcP256 => P256,
        KeyType.EcP384 => P384,
        KeyType.EcP521 => P521,
        _ => null,
    };

    public static EcCurve? ByOid(string oid) => oid switch
    {
        "1.2.840.10045.3.1.7" => P256,
        "1.3.132.0.34" => P384,
        "1.3.132.0.35" => P521,
        _ => null,
    };

    /// <summary>y² = x³ − 3x + b. The order is prime, so there is no small subgroup to fall into (SP 800-56A §5.6.2.3.4).</summary>
    public bool Contains(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        var (px, py) = (new BigInteger(x, isUnsigned: true, isBigEndian: true), new BigInteger(y, isUnsigned: true, isBigEndian: true));
        if (px >= prime || py >= prime) return false;
        var right = (((px * px) - 3) * px) + b;
        return BigInteger.Remainder((py * py) - right, prime).IsZero;
    }
}

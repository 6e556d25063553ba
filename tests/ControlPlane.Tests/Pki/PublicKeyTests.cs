using System.Diagnostics;
using System.Security.Cryptography;
using CsCheck;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Tests.Pki;

public sealed class PublicKeyTests
{
    private static readonly byte[] Generator = [0x58, .. Enumerable.Repeat((byte)0x66, 31)];

    private static readonly byte[] P256Point = TestKeys.Point(ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportParameters(false));

    [Theory]
    [InlineData("1.2.840.10045.3.1.7", 256, "EC_P256")]
    [InlineData("1.3.132.0.34", 384, "EC_P384")]
    [InlineData("1.3.132.0.35", 521, "EC_P521")]
    public void EcKey_OnItsCurve_IsRead(string curve, int bits, string text)
    {
        var type = bits switch { 256 => KeyType.EcP256, 384 => KeyType.EcP384, _ => KeyType.EcP521 };
        for (var i = 0; i < 10; i++)
        {
            using var ec = ECDsa.Create(ECCurve.CreateFromValue(curve));
            var spki = ec.ExportSubjectPublicKeyInfo();
            var key = PublicKey.FromSubjectPublicKeyInfo(spki);
            Assert.Equal((type, bits, text), (key.Type, key.Bits, key.TypeText));
            Assert.Equal(spki, key.SubjectPublicKeyInfo.ToArray());
            Assert.Equal(SHA256.HashData(spki), key.Sha256);
            var q = ec.ExportParameters(false).Q;
            Assert.Equal(key.Sha256Hex, PublicKey.FromEc(type, q.X!, q.Y!).Sha256Hex);
        }
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(2056)]
    [InlineData(3072)]
    [InlineData(4096)]
    public void RsaKey_OfGoodSize_IsRead(int bits)
    {
        using var rsa = RSA.Create(bits);
        var spki = rsa.ExportSubjectPublicKeyInfo();
        var key = PublicKey.FromSubjectPublicKeyInfo(spki);
        Assert.Equal((KeyType.Rsa, bits, $"RSA_{bits}"), (key.Type, key.Bits, key.TypeText));
        Assert.Equal(spki, key.SubjectPublicKeyInfo.ToArray());
        var numbers = rsa.ExportParameters(false);
        Assert.Equal(key.Sha256Hex, PublicKey.FromRsa(numbers.Modulus!, numbers.Exponent!).Sha256Hex);
    }

    [Fact]
    public void Ed25519Key_Generator_IsRead()
    {
        var spki = TestKeys.Spki(TestKeys.Ed25519, _ => { }, Generator);
        var key = PublicKey.FromSubjectPublicKeyInfo(spki);
        Assert.Equal((KeyType.Ed25519, "ED25519"), (key.Type, key.TypeText));
        Assert.Equal(spki, key.SubjectPublicKeyInfo.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(65536)]
    [InlineData(65539)]
    [InlineData(int.MaxValue)]
    public void RsaKey_OtherExponent_IsRefused(int e) => AssertRefused(TestKeys.RsaSpki(WeakModuli.OfBits(2048), e), "exponent");

    [Theory]
    [InlineData(512, "has 512 bits; 2048 are the least")]
    [InlineData(1024, "has 1024 bits; 2048 are the least")]
    [InlineData(2047, "has 2047 bits; 2048 are the least")]
    [InlineData(2049, "no multiple of 8")]
    [InlineData(4095, "no multiple of 8")]
    [InlineData(4104, "has 4104 bits; 4096 are the most")]
    [InlineData(8192, "more than 4096 bits")]
    [InlineData(16384, "more than 4096 bits")]
    public void RsaKey_OfBadSize_IsRefusedAtOnce(int bits, string cause)
    {
        var modulus = new byte[(bits + 7) / 8];
        RandomNumberGenerator.Fill(modulus);
        modulus[0] = (byte)(modulus[0] & (0xff >> (-bits & 7)) | (0x80 >> (-bits & 7)));
        modulus[^1] |= 1;
        var spki = TestKeys.RsaSpki(modulus);
        AssertRefused(spki, cause);
        var best = Enumerable.Range(0, 3).Min(_ => Time(() => AssertRefused(spki, cause)));
        Assert.True(best < TimeSpan.FromMilliseconds(50), $"took {best}");
        var numbers = Time(() => Assert.Throws<PublicKeyException>(() => PublicKey.FromRsa(modulus, [1, 0, 1])));
        Assert.True(numbers < TimeSpan.FromMilliseconds(500), $"took {numbers}");
    }

    [Fact]
    public void RsaKey_Weak_IsRefusedWithTheCause()
    {
        AssertRefused(TestKeys.RsaSpki(WeakModuli.WithFactor(2)), "even modulus");
        foreach (var prime in new[] { 3, 5, 97, 547, 743, 751 }) AssertRefused(TestKeys.RsaSpki(WeakModuli.WithFactor(prime)), "small prime factor");
        AssertRefused(TestKeys.RsaSpki(Convert.FromHexString(WeakModuli.PublishedRoca)), "ROCA");
        foreach (var (bits, k) in new[] { (2048, 1), (2048, 12345), (3072, 77), (4096, 1_000_003) }) AssertRefused(TestKeys.RsaSpki(WeakModuli.Roca(bits, k)), "ROCA");
        foreach (var distance in new[] { 1, 100, 512, 515 }) AssertRefused(TestKeys.RsaSpki(WeakModuli.ClosePrimes(distance)), "too close");
        AssertRefused(TestKeys.RsaSpki(WeakModuli.Square()), "too close");
    }

    [Fact]
    public void RsaKey_PrimesFarEnough_IsAccepted() =>
        Assert.Equal("RSA_2048", PublicKey.FromSubjectPublicKeyInfo(TestKeys.RsaSpki(WeakModuli.ClosePrimes(540))).TypeText);

    [Fact]
    public void RsaKey_LeadingZeros_AreRefused() =>
        Assert.Throws<PublicKeyException>(() => PublicKey.FromRsa([0, .. WeakModuli.OfBits(2048)], [1, 0, 1]));

    [Theory]
    [InlineData("1.3.132.0.33", "P-224")]
    [InlineData("1.3.132.0.10", "secp256k1")]
    [InlineData("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1")]
    public void EcKey_OtherCurve_IsRefusedByName(string oid, string name) => AssertRefused(TestKeys.NamedCurve(oid), name);

    [Fact]
    public void EcKey_BrokenPoint_IsRefused()
    {
        const string P256 = "1.2.840.10045.3.1.7";
        AssertRefused(TestKeys.EcSpki(P256, [.. P256Point[..^1], (byte)(P256Point[^1] ^ 1)]), "not on the curve");
        AssertRefused(TestKeys.EcSpki(P256, [4, .. new byte[64]]), "not on the curve");
        AssertRefused(TestKeys.EcSpki(P256, [4, .. Enumerable.Repeat((byte)0xff, 64)]), "not on the curve");
        AssertRefused(TestKeys.EcSpki(P256, [0]), "uncompressed");
        AssertRefused(TestKeys.EcSpki(P256, []), "uncompressed");
        AssertRefused(TestKeys.EcSpki(P256, [2, .. P256Point[1..33]]), "uncompressed");
        AssertRefused(TestKeys.EcSpki(P256, [6, .. P256Point[1..]]), "uncompressed");
        AssertRefused(TestKeys.EcSpki(P256, P256Point[..^1]), "64 octets; on P-256 it has 65");
        AssertRefused(TestKeys.EcSpki("1.3.132.0.34", P256Point), "65 octets; on P-384 it has 97");
        Assert.Throws<PublicKeyException>(() => PublicKey.FromEc(KeyType.EcP256, P256Point[2..33], P256Point[33..]));
        Assert.Throws<PublicKeyException>(() => PublicKey.FromEc(KeyType.Rsa, P256Point[1..33], P256Point[33..]));
    }

    [Fact]
    public void EcKey_CoordinateBeyondTheField_IsRefused()
    {
        // P-521's field leaves seven spare bits: x + p is congruent to x and must not pass for it.
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        var q = ec.ExportParameters(false).Q;
        var prime = (System.Numerics.BigInteger.One << 521) - 1;
        var shifted = (new System.Numerics.BigInteger(q.X, isUnsigned: true, isBigEndian: true) + prime).ToByteArray(isUnsigned: true, isBigEndian: true);
        Assert.Equal(66, shifted.Length);
        Assert.Throws<PublicKeyException>(() => PublicKey.FromEc(KeyType.EcP521, shifted, q.Y!));
    }

    [Fact]
    public void EcKey_ExplicitParameters_AreRefused()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = ec.ExportExplicitParameters(false);
        using var other = ECDsa.Create(key);
        AssertRefused(other.ExportSubjectPublicKeyInfo(), "does not name its curve");
        AssertRefused(TestKeys.Spki(TestKeys.Ec, w => w.WriteNull(), P256Point), "does not name its curve");
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")] // order 4
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")] // the identity
    [InlineData("ECFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F")] // order 2
    [InlineData("26E8958FC2B227B045C3F489F2EF98F0D5DFAC05D3C63339B13802886D53FC05")] // order 8
    [InlineData("EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F")] // y = p + 1, not canonical
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")] // not on the curve
    [InlineData("01")]
    public void Ed25519Key_BadPoint_IsRefused(string hex) => AssertRefused(TestKeys.Spki(TestKeys.Ed25519, _ => { }, Convert.FromHexString(hex)), "Ed25519");

    [Fact]
    public void Spki_OtherAlgorithmOrParameters_IsRefused()
    {
        var n = WeakModuli.OfBits(2048);
        AssertRefused(TestKeys.Spki("1.2.840.10040.4.1", w => w.WriteNull(), new byte[64]), "DSA");
        AssertRefused(TestKeys.Spki("1.2.840.113549.1.1.10", _ => { }, TestKeys.RsaNumbers(n, 65537)), "RSA-PSS");
        AssertRefused(TestKeys.Spki("1.3.101.113", _ => { }, new byte[57]), "Ed448");
        AssertRefused(TestKeys.Spki("1.3.101.110", _ => { }, new byte[32]), "X25519");
        AssertRefused(TestKeys.Spki("1.2.3", _ => { }, new byte[32]), "1.2.3");
        AssertRefused(TestKeys.Spki(TestKeys.Rsa, _ => { }, TestKeys.RsaNumbers(n, 65537)), "no valid DER");
        AssertRefused(TestKeys.Spki(TestKeys.Rsa, w => w.WriteInteger(1), TestKeys.RsaNumbers(n, 65537)), "no valid DER");
        AssertRefused(TestKeys.Spki(TestKeys.Ed25519, w => w.WriteNull(), Generator), "no valid DER");
        AssertRefused([.. TestKeys.RsaSpki(n), 0], "no valid DER");
        AssertRefused([], "no valid DER");
        var negative = TestKeys.RsaNumbers(n, 65537);
        negative[8] |= 0x80; // the sign octet of the modulus: 30 82 LL LL 02 82 LL LL 00
        AssertRefused(TestKeys.Spki(TestKeys.Rsa, w => w.WriteNull(), negative), "negative");
    }

    [Fact]
    public void Spki_Mutated_OnlyEverThrowsPublicKeyException()
    {
        using var rsa = RSA.Create(2048);
        byte[][] seeds = [rsa.ExportSubjectPublicKeyInfo(), TestKeys.NamedCurve("1.3.132.0.34"), TestKeys.Spki(TestKeys.Ed25519, _ => { }, Generator)];
        Gen.Select(Gen.Int[0, seeds.Length - 1].Select(i => seeds[i]), Gen.Select(Gen.Int[0, 1000], Gen.Byte).Array[1, 4], Gen.Int[0, 8]).Sample(
            (seed, flips, cut) =>
            {
                var octets = seed.ToArray();
                foreach (var (at, value) in flips) octets[at % Math.Min(octets.Length, 60)] = value;
                octets = octets[..^cut];
                try
                {
                    var key = PublicKey.FromSubjectPublicKeyInfo(octets);
                    Assert.False(key.Verify(SignatureScheme.RsaPkcs1Sha256, octets, octets) || key.Verify(SignatureScheme.EcdsaSha256, octets, octets, EcdsaEncoding.Der));
                }
                catch (PublicKeyException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            },
            iter: 5_000);
    }

    private static void AssertRefused(byte[] spki, string cause) =>
        Assert.Contains(cause, Assert.Throws<PublicKeyException>(() => PublicKey.FromSubjectPublicKeyInfo(spki)).Message, StringComparison.Ordinal);

    private static TimeSpan Time(Action act)
    {
        var started = Stopwatch.GetTimestamp();
        act();
        return Stopwatch.GetElapsedTime(started);
    }
}

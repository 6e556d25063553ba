using System.Security.Cryptography;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Tests.Pki;

public sealed class SignatureTests
{
    private static readonly byte[] Data = "what was signed"u8.ToArray();

    private static readonly SignatureScheme[] EcdsaSchemes = [SignatureScheme.EcdsaSha256, SignatureScheme.EcdsaSha384, SignatureScheme.EcdsaSha512];
    private static readonly SignatureScheme[] RsaSchemes = [SignatureScheme.RsaPkcs1Sha256, SignatureScheme.RsaPkcs1Sha384, SignatureScheme.RsaPkcs1Sha512];
    private static readonly HashAlgorithmName[] Hashes = [HashAlgorithmName.SHA256, HashAlgorithmName.SHA384, HashAlgorithmName.SHA512];

    [Theory]
    [InlineData("1.2.840.10045.3.1.7", 0)]
    [InlineData("1.3.132.0.34", 1)]
    [InlineData("1.3.132.0.35", 2)]
    public void Ecdsa_FixedEncoding_TakesTheCurvesOwnHashAndExactLength(string curve, int own)
    {
        using var ec = ECDsa.Create(ECCurve.CreateFromValue(curve));
        var key = PublicKey.FromSubjectPublicKeyInfo(ec.ExportSubjectPublicKeyInfo());
        for (var i = 0; i < Hashes.Length; i++)
        {
            var signature = ec.SignData(Data, Hashes[i]);
            Assert.Equal(i == own, key.Verify(EcdsaSchemes[i], Data, signature));
            Assert.False(key.Verify(EcdsaSchemes[i], Data, [.. signature, 0]));
            Assert.False(key.Verify(EcdsaSchemes[i], Data, signature.AsSpan(1)));
            Assert.False(key.Verify(EcdsaSchemes[i], [.. Data, 0], signature));
            Assert.False(key.Verify(EcdsaSchemes[i], Data, signature, EcdsaEncoding.Der));
            Assert.False(key.Verify(RsaSchemes[i], Data, signature));
            Assert.False(key.Verify(SignatureScheme.Ed25519, Data, signature));
        }
        Assert.False(key.Verify(EcdsaSchemes[own], Data, new byte[2 * ((key.Bits + 7) / 8)]));
        Assert.False(key.Verify(EcdsaSchemes[own], Data, []));
    }

    [Theory]
    [InlineData("1.2.840.10045.3.1.7")]
    [InlineData("1.3.132.0.34")]
    [InlineData("1.3.132.0.35")]
    public void Ecdsa_KeyOfOpenSsl_ChecksOneSignatureAfterTheOther(string oid)
    {
        var curve = EcCurve.ByOid(oid)!;
        for (var i = 0; i < 10; i++)
        {
            using var ec = ECDsa.Create(ECCurve.CreateFromValue(oid));
            var q = ec.ExportParameters(false).Q;
            using var key = OpenSslEcKey.Import(curve, q.X, q.Y);
            Assert.NotNull(key);
            for (var j = 0; j < 10; j++)
            {
                byte[] data = [.. Data, (byte)j];
                var signature = ec.SignData(data, curve.Hash);
                var digest = CryptographicOperations.HashData(curve.Hash, data);
                Assert.True(key.Verify(digest, OpenSslEcKey.ToDer(signature)));
                Assert.False(key.Verify(CryptographicOperations.HashData(curve.Hash, Data), OpenSslEcKey.ToDer(signature)));
                signature[j] ^= 1;
                Assert.False(key.Verify(digest, OpenSslEcKey.ToDer(signature)));
                Assert.False(key.Verify(digest, signature));
                Assert.False(key.Verify(digest, []));
            }
        }
    }

    [Fact]
    public void Ecdsa_KeyOfOpenSsl_ChecksInParallel()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var q = ec.ExportParameters(false).Q;
        using var key = OpenSslEcKey.Import(EcCurve.P256, q.X, q.Y);
        Assert.NotNull(key);
        Parallel.For(0, 2_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var digest = SHA256.HashData(BitConverter.GetBytes(i));
            byte[] signature;
            lock (ec) signature = ec.SignHash(digest, DSASignatureFormat.Rfc3279DerSequence);
            Assert.True(key.Verify(digest, signature));
            digest[i % digest.Length] ^= 1;
            Assert.False(key.Verify(digest, signature));
        });
    }

    [Fact]
    public void Ecdsa_DerOfFixed_IsWhatThePlatformWrites()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        // Among so many, some numbers begin with zeros and some with a bit that would be a sign.
        for (var i = 0; i < 600; i++)
        {
            var signature = ec.SignHash(SHA256.HashData([(byte)i, (byte)(i >> 8)]));
            Assert.True(ec.VerifyHash(SHA256.HashData([(byte)i, (byte)(i >> 8)]), OpenSslEcKey.ToDer(signature), DSASignatureFormat.Rfc3279DerSequence));
        }
        Assert.Equal([0x30, 6, 2, 1, 0, 2, 1, 0], OpenSslEcKey.ToDer(new byte[64]));
        Assert.Equal([0x30, 7, 2, 1, 1, 2, 2, 0, 0x80], OpenSslEcKey.ToDer([0, 0, 1, 0, 0, 0x80]));
    }

    [Fact]
    public void Ecdsa_KeyOfOpenSsl_IsNoneWithoutAPointOfTheCurve()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var q = ec.ExportParameters(false).Q;
        Assert.Null(OpenSslEcKey.Import(EcCurve.P256, q.X, [.. q.Y![..^1], (byte)(q.Y[^1] ^ 1)]));
        Assert.Null(OpenSslEcKey.Import(EcCurve.P256, new byte[32], new byte[32]));
        Assert.Null(OpenSslEcKey.Import(EcCurve.P256, Enumerable.Repeat((byte)0xff, 32).ToArray(), q.Y));
        Assert.Null(OpenSslEcKey.Import(EcCurve.P384, q.X, q.Y));
    }

    [Fact]
    public void Ecdsa_DerEncoding_TakesAnyHashAndOneWayOfWriting()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var key = PublicKey.FromSubjectPublicKeyInfo(ec.ExportSubjectPublicKeyInfo());
        for (var i = 0; i < Hashes.Length; i++)
        {
            var signature = ec.SignData(Data, Hashes[i], DSASignatureFormat.Rfc3279DerSequence);
            Assert.True(key.Verify(EcdsaSchemes[i], Data, signature, EcdsaEncoding.Der));
            Assert.False(key.Verify(EcdsaSchemes[i], Data, [.. signature, 0], EcdsaEncoding.Der));
            Assert.False(key.Verify(EcdsaSchemes[i], Data, signature.AsSpan(0, signature.Length - 1), EcdsaEncoding.Der));
            Assert.False(key.Verify(EcdsaSchemes[i], Data, [.. signature[..3], (byte)(signature[3] + 1), .. signature[4..]], EcdsaEncoding.Der));
            Assert.False(key.Verify(EcdsaSchemes[(i + 1) % 3], Data, signature, EcdsaEncoding.Der));
        }
        Assert.False(key.Verify(SignatureScheme.EcdsaSha384, Data, [], EcdsaEncoding.Der));
        Assert.False(key.Verify(SignatureScheme.EcdsaSha384, Data, [0x30, 6, 2, 1, 0, 2, 1, 0], EcdsaEncoding.Der));
    }

    [Fact]
    public void Rsa_Pkcs1_TakesTheRightHashAndLength()
    {
        using var rsa = RSA.Create(2048);
        var key = PublicKey.FromSubjectPublicKeyInfo(rsa.ExportSubjectPublicKeyInfo());
        for (var i = 0; i < Hashes.Length; i++)
        {
            var signature = rsa.SignData(Data, Hashes[i], RSASignaturePadding.Pkcs1);
            Assert.True(key.Verify(RsaSchemes[i], Data, signature));
            Assert.False(key.Verify(RsaSchemes[(i + 1) % 3], Data, signature));
            Assert.False(key.Verify(RsaSchemes[i], Data, [0, .. signature]));
            Assert.False(key.Verify(RsaSchemes[i], Data, [.. signature[..^1], (byte)(signature[^1] ^ 1)]));
            Assert.False(key.Verify(RsaSchemes[i], Data, []));
            Assert.False(key.Verify(EcdsaSchemes[i], Data, signature));
        }
        Assert.False(key.Verify(RsaSchemes[0], Data, rsa.SignData(Data, Hashes[0], RSASignaturePadding.Pss)));
        Assert.False(key.Verify((SignatureScheme)99, Data, rsa.SignData(Data, Hashes[0], RSASignaturePadding.Pkcs1)));
    }

    // RFC 8032 §7.1, tests 1 and 2.
    [Theory]
    [InlineData(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    public void Ed25519_Rfc8032Vectors_Verify(string publicKey, string message, string signature)
    {
        var key = PublicKey.FromEd25519(Convert.FromHexString(publicKey));
        var (data, good) = (Convert.FromHexString(message), Convert.FromHexString(signature));
        Assert.True(key.Verify(SignatureScheme.Ed25519, data, good));
        Assert.False(key.Verify(SignatureScheme.Ed25519, [.. data, 1], good));
        Assert.False(key.Verify(SignatureScheme.Ed25519, data, [.. good, 0]));
        Assert.False(key.Verify(SignatureScheme.Ed25519, data, good.AsSpan(1)));
        Assert.False(key.Verify(SignatureScheme.Ed25519, data, new byte[64]));
        Assert.False(key.Verify(SignatureScheme.EcdsaSha256, data, good));
    }

    [Fact]
    public void Verify_ManyThreadsOneKey_AllAgree()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        var keys = new[] { PublicKey.FromSubjectPublicKeyInfo(ec.ExportSubjectPublicKeyInfo()), PublicKey.FromSubjectPublicKeyInfo(rsa.ExportSubjectPublicKeyInfo()) };
        var fromEc = ec.SignData(Data, HashAlgorithmName.SHA256);
        var fromRsa = rsa.SignData(Data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var agreed = 0;
        Parallel.For(0, 2_000, i =>
        {
            var good = i % 2 == 0
                ? keys[0].Verify(SignatureScheme.EcdsaSha256, Data, fromEc) && !keys[0].Verify(SignatureScheme.EcdsaSha256, [1], fromEc)
                : keys[1].Verify(SignatureScheme.RsaPkcs1Sha256, Data, fromRsa) && !keys[1].Verify(SignatureScheme.RsaPkcs1Sha256, [1], fromRsa);
            if (good) Interlocked.Increment(ref agreed);
        });
        Assert.Equal(2_000, agreed);
    }
}

using System.Numerics;
using System.Security.Cryptography;
using BcInteger = Org.BouncyCastle.Math.BigInteger;

namespace GrpcCa.ControlPlane.Tests.Pki;

/// <summary>RSA moduli with one fault each, made to order.</summary>
internal static class WeakModuli
{
    /// <summary>A modulus of the data set published with CVE-2017-15361 (crocs-muni/roca, mod03).</summary>
    public const string PublishedRoca =
        "9dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9ea6fdc7332e9b0058c9ff2eb1fc89855029cf6aafe21e689"
        + "feb38ac9ffb12f1ce371bb5d0e9aae64161abce74b4244bf68f1edb4411f756a097c8929c14740245ea355f8332d1aa36bb50c7dcb4505da8de02e4e53d38f8d"
        + "f06097da7524df0df93db48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa92550d31b1babf161e7692d00b86e3dd886ecab4abfbe1a8f8cc263ff4af55cdb"
        + "45f4249a5193925f5e983d762f0b6800943eb0267b08f42ed311ce1f5c86eacbc8ce4d3cb7a2fee1ef5641423a1cf4114e5ecf50034a60a412523af9e6f4aa11";

    private static readonly int[] Primes = [.. Enumerable.Range(2, 750).Where(n => Enumerable.Range(2, n - 2).All(d => n % d != 0))];

    /// <summary>N ≡ 65537^k modulo the product of the primes to 167, and no small factor.</summary>
    public static byte[] Roca(int bits, int k)
    {
        var product = Primes.TakeWhile(p => p <= 167).Aggregate(BigInteger.One, (a, p) => a * p);
        var n = BigInteger.ModPow(65537, k, product) + (product * (Random(bits - 1) / product));
        while (Primes.Any(p => n % p == 0)) n += product;
        return Octets(n);
    }

    /// <summary>The product of two primes whose distance is about 2^<paramref name="distanceBits"/>.</summary>
    public static byte[] ClosePrimes(int distanceBits)
    {
        using var rsa = RSA.Create(2048);
        var p = new BcInteger(1, rsa.ExportParameters(true).P!);
        var q = p.Add(BcInteger.One.ShiftLeft(distanceBits)).NextProbablePrime();
        return p.Multiply(q).ToByteArrayUnsigned();
    }

    public static byte[] Square()
    {
        using var rsa = RSA.Create(2048);
        var p = new BigInteger(rsa.ExportParameters(true).P, isUnsigned: true, isBigEndian: true);
        return Octets(p * p);
    }

    /// <summary>A multiple of the prime and otherwise odd.</summary>
    public static byte[] WithFactor(int prime, int bits = 2048)
    {
        var n = Random(bits - 1) / prime * prime;
        return Octets(n.IsEven && prime != 2 ? n + prime : n);
    }

    /// <summary>An odd number of exactly so many bits without small factors.</summary>
    public static byte[] OfBits(int bits)
    {
        var n = Random(bits - 1) | 1;
        while (Primes.Any(p => n % p == 0)) n += 2;
        return Octets(n);
    }

    /// <summary>From 2^low to one and a half times that, so that small additions do not change its length.</summary>
    private static BigInteger Random(int low)
    {
        var octets = RandomNumberGenerator.GetBytes((low / 8) + 1);
        var random = new BigInteger(octets, isUnsigned: true) % (BigInteger.One << (low - 1));
        return (BigInteger.One << low) + random;
    }

    private static byte[] Octets(BigInteger n) => n.ToByteArray(isUnsigned: true, isBigEndian: true);
}

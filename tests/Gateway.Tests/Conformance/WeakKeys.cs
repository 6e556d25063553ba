using System.Numerics;
using System.Security.Cryptography;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>RSA keys that nobody should use, made on the spot, each with a good signature where that is possible.</summary>
internal static class WeakKeys
{
    private static readonly BigInteger F4 = 65537;

    /// <summary>Each with what is wrong with it; made once.</summary>
    public static IReadOnlyList<(string Fault, AcmeKey Key)> Rsa { get; } = [.. Make()];

    private static IEnumerable<(string Fault, AcmeKey Key)> Make()
    {
        yield return ("1024 bits", AcmeKey.Rs256(1024));
        yield return ("2047 bits", AcmeKey.Rsa(Odd(2047), F4));
        yield return ("2049 bits", AcmeKey.Rsa(Odd(2049), F4));
        yield return ("8192 bits", AcmeKey.Rsa(Odd(8192), F4));
        yield return ("16384 bits", AcmeKey.Rsa(Odd(16384), F4));
        yield return ("even modulus", AcmeKey.Rsa(Odd(2048) - 1, F4));
        yield return ("e = 1", AcmeKey.Rsa(Sound().N, 1, 1));
        var sound = Sound();
        yield return ("e = 3", AcmeKey.Rsa(sound.N, 3));
        yield return ("e even", AcmeKey.Rsa(sound.N, 65538));
        yield return ("e > 2^32", AcmeKey.Rsa(sound.N, (BigInteger.One << 40) + 1));
        yield return ("factor 3", AcmeKey.Rsa(3 * Odd(2046), F4));
        yield return ("factor 751", AcmeKey.Rsa(751 * Odd(2038), F4));
        yield return ("close primes", ClosePrimes());
        yield return ("ROCA", Roca());
    }

    private static (BigInteger N, BigInteger E) Sound()
    {
        using var rsa = RSA.Create(2048);
        var numbers = rsa.ExportParameters(false);
        return (new BigInteger(numbers.Modulus, isUnsigned: true, isBigEndian: true), F4);
    }

    // Both primes near the square root: Fermat finds them at once.
    private static AcmeKey ClosePrimes()
    {
        var p = NextPrime(Odd(1024) | (BigInteger.One << 1023) | (BigInteger.One << 1022));
        var q = NextPrime(p + 2);
        var d = ModInverse(F4, (p - 1) * (q - 1));
        return AcmeKey.Rsa(p * q, F4, d);
    }

    // CVE-2017-15361: primes of the form k·M + (65537^a mod M), M the product of the first 126 primes for 2048 bits.
    private static AcmeKey Roca()
    {
        var m = BigInteger.One;
        var count = 0;
        for (var i = 2; count < 126; i++)
        {
            if (!IsSmallPrime(i)) continue;
            m *= i;
            count++;
        }
        var p = RocaPrime(m);
        var q = RocaPrime(m);
        while (p * q >> 2047 == 0) q = RocaPrime(m);
        return AcmeKey.Rsa(p * q, F4, ModInverse(F4, (p - 1) * (q - 1)));
    }

    private static BigInteger RocaPrime(BigInteger m)
    {
        while (true)
        {
            var low = BigInteger.ModPow(F4, RandomNumberGenerator.GetInt32(1 << 30), m);
            var k = (((BigInteger.One << 1024) - 1 - low) / m) - RandomNumberGenerator.GetInt32(1 << 20);
            var candidate = (k * m) + low;
            if (IsProbablePrime(candidate)) return candidate;
        }
    }

    private static BigInteger Odd(int bits)
    {
        var bytes = RandomNumberGenerator.GetBytes((bits / 8) + 1);
        var number = new BigInteger(bytes, isUnsigned: true) & ((BigInteger.One << bits) - 1);
        return number | (BigInteger.One << (bits - 1)) | (BigInteger.One << (bits - 2)) | 1;
    }

    private static BigInteger NextPrime(BigInteger from)
    {
        while (!IsProbablePrime(from)) from += 2;
        return from;
    }

    private static bool IsProbablePrime(BigInteger n)
    {
        for (var small = 3; small < 1000; small += 2)
            if (IsSmallPrime(small) && n % small == 0) return false;
        return BigInteger.ModPow(2, n - 1, n).IsOne && BigInteger.ModPow(3, n - 1, n).IsOne;
    }

    private static bool IsSmallPrime(int n)
    {
        for (var i = 2; i * i <= n; i++)
            if (n % i == 0) return false;
        return n > 1;
    }

    private static BigInteger ModInverse(BigInteger a, BigInteger m)
    {
        var (old, current) = (BigInteger.Zero, BigInteger.One);
        var (r, next) = (m, a);
        while (!next.IsZero)
        {
            var quotient = r / next;
            (old, current) = (current, old - (quotient * current));
            (r, next) = (next, r - (quotient * next));
        }
        return old < 0 ? old + m : old;
    }
}

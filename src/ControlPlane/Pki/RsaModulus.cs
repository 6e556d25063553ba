using System.Collections.Immutable;
using System.Numerics;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>
/// The faults by which a well-sized RSA modulus is still worthless. Every check takes microseconds: the size is
/// limited before, and nothing here tests primality.
/// </summary>
internal static class RsaModulus
{
    public const int SmallestBits = 2048, LargestBits = 4096;
    private const int FermatRounds = 100;

    private static readonly ImmutableArray<int> SmallPrimes =
        [.. Enumerable.Range(2, 750).Where(n => Enumerable.Range(2, n - 2).All(d => n % d != 0))];
    private static readonly BigInteger SmallPrimesProduct = SmallPrimes.Aggregate(BigInteger.One, (product, prime) => product * prime);

    // The 39 primes that divide the M of every size of key the broken library made.
    private static readonly ImmutableArray<(int Prime, bool[] Powers)> RocaPrints =
        [.. SmallPrimes.Where(p => p is > 2 and <= 167).Select(p => (p, PowersOf65537(p)))];

    private static readonly ImmutableArray<(int Modulus, bool[] Squares)> SquareResidues =
        [.. new[] { 64, 63, 65, 11 }.Select(m => (m, SquaresModulo(m)))];

    /// <summary>Why the modulus (big-endian, no leading zero) is refused, as the rest of a sentence; null when it is fine.</summary>
    public static string? WhyRefused(ReadOnlySpan<byte> modulus)
    {
        if (modulus.Length == 0 || modulus[0] == 0) return "has an empty modulus or one with leading zeros";
        var bits = (8 * modulus.Length) - BitOperations.LeadingZeroCount((uint)modulus[0]) + 24;
        if (bits < SmallestBits) return $"has {bits} bits; {SmallestBits} are the least";
        if (bits > LargestBits) return $"has {bits} bits; {LargestBits} are the most";
        if (bits % 8 != 0) return $"has {bits} bits, which is no multiple of 8";
        if ((modulus[^1] & 1) == 0) return "has an even modulus";
        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        if (!BigInteger.GreatestCommonDivisor(n % SmallPrimesProduct, SmallPrimesProduct).IsOne)
            return "has a modulus with a small prime factor";
        if (HasRocaFingerprint(n)) return "was made by a library whose keys can be factored (ROCA, CVE-2017-15361)";
        return HasClosePrimes(n) ? "has a modulus of two primes too close to each other" : null;
    }

    /// <summary>Keys of CVE-2017-15361 are powers of 65537 modulo many small primes at once; others are so by chance of 1 in 10⁸.</summary>
    private static bool HasRocaFingerprint(BigInteger n)
    {
        foreach (var (prime, powers) in RocaPrints)
        {
            if (!powers[(int)(n % prime)]) return false;
        }
        return true;
    }

    private static bool[] PowersOf65537(int prime)
    {
        var powers = new bool[prime];
        for (var power = 1; !powers[power]; power = power * (65537 % prime) % prime) powers[power] = true;
        return powers;
    }

    /// <summary>Fermat's factorisation: n = a² − b² with a just above √n finds primes whose distance is about n^¼.</summary>
    private static bool HasClosePrimes(BigInteger n)
    {
        var a = SquareRoot(n);
        if (a * a == n) return true;
        a++;
        var rest = (a * a) - n;
        for (var round = 0; round < FermatRounds; round++)
        {
            if (IsSquare(rest)) return true;
            rest += (a << 1) + 1;
            a++;
        }
        return false;
    }

    private static bool IsSquare(BigInteger value)
    {
        // Squares have few residues: one number in a hundred gets past the four looks and pays for a root.
        var residue = (int)(value % (64 * 63 * 65 * 11));
        if (!SquareResidues.All(r => r.Squares[residue % r.Modulus])) return false;
        var root = SquareRoot(value);
        return root * root == value;
    }

    private static bool[] SquaresModulo(int modulus)
    {
        var squares = new bool[modulus];
        for (var i = 0; i < modulus; i++) squares[i * i % modulus] = true;
        return squares;
    }

    /// <summary>Newton's method from above; a start at twice the root's size at most makes the number of steps logarithmic.</summary>
    private static BigInteger SquareRoot(BigInteger value)
    {
        if (value.IsZero) return value;
        var root = BigInteger.One << (int)((value.GetBitLength() + 1) / 2);
        while (true)
        {
            var next = (root + (value / root)) >> 1;
            if (next >= root) return root;
            root = next;
        }
    }
}

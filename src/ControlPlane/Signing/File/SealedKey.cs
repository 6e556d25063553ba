using System.Formats.Asn1;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Signing.File;

/// <summary>
/// An EncryptedPrivateKeyInfo (RFC 5958 §3) under PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC (RFC 8018 §6.2), and
/// nothing else: what was weakened on disk is refused, and a damaged file is told from a wrong password.
/// </summary>
internal sealed class SealedKey
{
    public const string PemLabel = "ENCRYPTED PRIVATE KEY";

    public const int FewestIterations = 10_000, MostIterations = 10_000_000;

    private const string Pbes2 = "1.2.840.113549.1.5.13", Pbkdf2 = "1.2.840.113549.1.5.12";
    private const string HmacSha256 = "1.2.840.113549.2.9", Aes256Cbc = "2.16.840.1.101.3.4.1.42";
    private const int KeyBytes = 32, BlockBytes = 16;

    private readonly byte[] salt, vector, content;
    private readonly int iterations;

    private SealedKey(byte[] salt, int iterations, byte[] vector, byte[] content)
    {
        this.salt = salt;
        this.iterations = iterations;
        this.vector = vector;
        this.content = content;
    }

    /// <summary>How new files are sealed.</summary>
    public static PbeParameters Parameters(int iterations) => iterations is >= FewestIterations and <= MostIterations
        ? new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterations)
        : throw new ArgumentOutOfRangeException(nameof(iterations), iterations, $"PBKDF2 iterations are {FewestIterations} to {MostIterations}");

    /// <summary>Reads the envelope without opening it.</summary>
    /// <exception cref="FormatException">It is damaged or sealed in another way.</exception>
    public static SealedKey Read(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var fields)) throw new FormatException("it is no PEM file");
        var label = pem[fields.Label];
        if (label != PemLabel) throw new FormatException($"it holds a '{label}', not an '{PemLabel}'");
        try
        {
            return ReadDer(Convert.FromBase64String(pem[fields.Base64Data]));
        }
        catch (AsnContentException cause)
        {
            throw new FormatException("its content is no EncryptedPrivateKeyInfo", cause);
        }
    }

    /// <summary>The PrivateKeyInfo inside; the caller zeroes it.</summary>
    /// <exception cref="CryptographicException">The password is another one.</exception>
    public byte[] Open(KeyPassword password)
    {
        var key = Rfc2898DeriveBytes.Pbkdf2(password.Bytes, salt, iterations, HashAlgorithmName.SHA256, KeyBytes);
        try
        {
            using var aes = Aes.Create();
            aes.Key = key;
            return aes.DecryptCbc(content, vector, PaddingMode.PKCS7);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static SealedKey ReadDer(byte[] der)
    {
        var file = new AsnReader(der, AsnEncodingRules.DER);
        var envelope = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var algorithm = envelope.ReadSequence();
        var sealedBytes = envelope.ReadOctetString();
        envelope.ThrowIfNotEmpty();
        Expect(algorithm, Pbes2, "PBES2");
        var parameters = algorithm.ReadSequence();
        algorithm.ThrowIfNotEmpty();
        var derivation = parameters.ReadSequence();
        var cipher = parameters.ReadSequence();
        parameters.ThrowIfNotEmpty();
        Expect(cipher, Aes256Cbc, "AES-256-CBC");
        var firstBlock = cipher.ReadOctetString();
        Expect(derivation, Pbkdf2, "PBKDF2");
        var (saltBytes, rounds) = ReadDerivation(derivation.ReadSequence());
        if (firstBlock.Length != BlockBytes || sealedBytes.Length == 0 || sealedBytes.Length % BlockBytes != 0)
            throw new FormatException("its ciphertext has an impossible length; it was cut or damaged");
        return new SealedKey(saltBytes, rounds, firstBlock, sealedBytes);
    }

    private static (byte[] Salt, int Iterations) ReadDerivation(AsnReader parameters)
    {
        var saltBytes = parameters.ReadOctetString();
        if (!parameters.TryReadInt32(out var rounds) || rounds is < FewestIterations or > MostIterations)
            throw new FormatException($"its PBKDF2 iterations are not {FewestIterations} to {MostIterations}");
        if (parameters.HasData && parameters.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
            if (!parameters.TryReadInt32(out var keyLength) || keyLength != KeyBytes) throw new FormatException("its key length is not 32");
        // RFC 8018 §A.2: without a word about it, it is HMAC-SHA-1.
        if (!parameters.HasData) throw new FormatException("it is not sealed with HMAC-SHA-256");
        Expect(parameters.ReadSequence(), HmacSha256, "HMAC-SHA-256");
        parameters.ThrowIfNotEmpty();
        return (saltBytes, rounds);
    }

    private static void Expect(AsnReader reader, string oid, string name)
    {
        if (reader.ReadObjectIdentifier() != oid) throw new FormatException($"it is not sealed with {name}");
    }
}

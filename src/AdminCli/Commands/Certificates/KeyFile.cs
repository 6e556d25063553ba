using System.Security.Cryptography;
using System.Text;
using GrpcCa.Host;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary>Private keys: made here, kept in files that are their owner's alone, never sent anywhere.</summary>
internal static class KeyFile
{
    /// <summary>What can be made.</summary>
    public static readonly string[] Types = ["ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"];

    public static AsymmetricAlgorithm Make(string type) => type.ToLowerInvariant() switch
    {
        "ec-p384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        "rsa-2048" => RSA.Create(2048),
        "rsa-3072" => RSA.Create(3072),
        "rsa-4096" => RSA.Create(4096),
        _ => ECDsa.Create(ECCurve.NamedCurves.nistP256),
    };

    /// <summary>A new key of the kind and size of another.</summary>
    public static AsymmetricAlgorithm MakeLike(AsymmetricAlgorithm key) => key is RSA rsa
        ? RSA.Create(rsa.KeySize)
        : Make(key.KeySize == 384 ? "ec-p384" : "ec-p256");

    /// <summary>Reads an unencrypted PEM key, PKCS#8 or of its kind's own form.</summary>
    /// <exception cref="CliFailure">There is none, or it is encrypted.</exception>
    public static AsymmetricAlgorithm Load(CommandContext context, string file)
    {
        var path = PathOf(context, file);
        if (!File.Exists(path)) throw CliFailure.Usage($"there is no file '{file}'");
        var pem = File.ReadAllText(path);
        AsymmetricAlgorithm key = pem.Contains("BEGIN RSA", StringComparison.Ordinal) || IsRsa(pem) ? RSA.Create() : ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw CliFailure.Usage($"'{file}' is no private key that can be read here: {fault.Message}", "an EC or RSA key in PEM without a passphrase is wanted; 'openssl pkey -in FILE -out PLAIN' takes one away");
        }
    }

    /// <summary>Writes a key for its owner alone.</summary>
    public static void Save(CommandContext context, string file, AsymmetricAlgorithm key) =>
        SyncedFile.Write(PathOf(context, file), Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), SyncedFile.Private);

    public static string PathOf(CommandContext context, string file) => Path.GetFullPath(file, context.Environment.WorkingDirectory);

    // PKCS#8 says by an object identifier which kind it holds: rsaEncryption.
    private static bool IsRsa(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var fields) || !pem.AsSpan()[fields.Label].SequenceEqual("PRIVATE KEY")) return false;
        ReadOnlySpan<byte> rsaEncryption = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
        return Convert.FromBase64String(pem[fields.Base64Data]).AsSpan().IndexOf(rsaEncryption) >= 0;
    }
}

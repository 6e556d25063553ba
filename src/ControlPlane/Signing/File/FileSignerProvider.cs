using System.Security.Cryptography;
using System.Text;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane.Signing.File;

/// <summary>
/// Keys as encrypted PKCS#8 files in one directory: <c>file:issuer-1a2b.p8</c>. Files are written once, synced, and
/// never replaced; whatever is wrong with one is told with its name.
/// </summary>
internal sealed class FileSignerProvider(FileKeyOptions options, KeyPassword password, ILogger<FileSignerProvider> log) : ISignerProvider
{
    private const string Extension = ".p8";
    private const int MaxLabel = 128, MaxFileBytes = 64 * 1024;
    private readonly Lock writing = new();

    public string Scheme => "file";

    public ValueTask<KeyUri> GenerateAsync(KeyAlgorithm algorithm, string label, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var key = PrivateKey.Generate(algorithm);
        return ValueTask.FromResult(Keep(key, label));
    }

    /// <summary>Takes in an existing key, an unencrypted PrivateKeyInfo, which the caller zeroes. Never replaces a key.</summary>
    /// <exception cref="KeyUnavailableException">It is no key that can sign for a CA, or the label is taken.</exception>
    public ValueTask<KeyUri> ImportAsync(string label, ReadOnlyMemory<byte> pkcs8, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var key = PrivateKey.Import(pkcs8);
            return ValueTask.FromResult(Keep(key, label));
        }
        catch (CryptographicException cause)
        {
            throw new KeyUnavailableException($"the key for '{label}' cannot be imported: {cause.Message}", cause);
        }
    }

    /// <summary>Takes in the key of a PEM file that another program made, once it is seen to belong to a certificate. Never replaces a key.</summary>
    /// <exception cref="KeyUnavailableException">It cannot be read, belongs to another certificate, cannot sign for a CA, or the label is taken.</exception>
    public async ValueTask<KeyUri> ImportAsync(string label, string file, string? passwordFile, ReadOnlyMemory<byte> subjectPublicKeyInfo, CancellationToken cancellationToken)
    {
        var pkcs8 = ForeignKey.Read(file, passwordFile, subjectPublicKeyInfo.Span);
        try
        {
            return await ImportAsync(label, pkcs8, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    public ValueTask<ISigner> OpenAsync(KeyUri uri, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (uri.Scheme != Scheme) throw new KeyUnavailableException($"'{uri}' is no {Scheme}: key");
        if (!uri.Path.EndsWith(Extension, StringComparison.Ordinal) || !IsLabel(uri.Path[..^Extension.Length]))
            throw new KeyUnavailableException($"'{uri}' names no file of the key directory '{options.Directory}'; such as file:issuer{Extension} would");
        var path = Path.Combine(options.Directory, uri.Path);
        return ValueTask.FromResult<ISigner>(new FileSigner(Open(path, Read(path))));
    }

    private KeyUri Keep(AsymmetricAlgorithm key, string label)
    {
        if (!IsLabel(label))
            throw new ArgumentException($"'{label}' is no label of a key: letters, digits, '.', '-' and '_', at most {MaxLabel}, no dot first", nameof(label));
        var uri = new KeyUri(Scheme, label + Extension);
        var path = Path.Combine(options.Directory, uri.Path);
        var algorithm = PrivateKey.AlgorithmOf(key);
        var pem = key.ExportEncryptedPkcs8PrivateKeyPem(password.Bytes, SealedKey.Parameters(options.Iterations));
        try
        {
            lock (writing)
            {
                SyncedFile.EnsurePrivateDirectory(options.Directory);
                // Across processes, too, nobody slips in between the look and the rename.
                using var turn = new FileStream(Path.Combine(options.Directory, ".lock"), new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = SyncedFile.Private,
                });
                if (Path.Exists(path)) throw new KeyUnavailableException($"key file '{path}' exists already; keys are never replaced");
                SyncedFile.Write(path, Encoding.ASCII.GetBytes(pem + "\n"), SyncedFile.Private);
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new KeyUnavailableException($"key file '{path}' cannot be written: {cause.Message}", cause);
        }
        log.KeyKept(uri, algorithm);
        return uri;
    }

    private static SealedKey Read(string path)
    {
        try
        {
            if (!System.IO.File.Exists(path)) throw new KeyUnavailableException($"key file '{path}' is missing; restore it from a backup");
            OwnersAlone.Check(path, "key file");
            if (new FileInfo(path).Length > MaxFileBytes) throw new FormatException("it is too large");
            return SealedKey.Read(System.IO.File.ReadAllText(path));
        }
        catch (FormatException cause)
        {
            throw new KeyUnavailableException($"key file '{path}' is damaged: {cause.Message}; restore it from a backup", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new KeyUnavailableException($"key file '{path}' cannot be read: {cause.Message}", cause);
        }
    }

    private AsymmetricAlgorithm Open(string path, SealedKey envelope)
    {
        byte[] pkcs8;
        try
        {
            pkcs8 = envelope.Open(password);
        }
        catch (CryptographicException cause)
        {
            throw new KeyUnavailableException($"key file '{path}' does not open with the key password: the password is another one, or the file is damaged", cause);
        }
        try
        {
            return PrivateKey.Import(pkcs8);
        }
        catch (CryptographicException cause)
        {
            // One wrong password in 256 leaves a valid padding: the content tells then.
            throw new KeyUnavailableException(
                $"key file '{path}' opens to no key: the password is another one, or the file is damaged ({cause.Message})", cause);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    private static bool IsLabel(string text) =>
        text.Length is > 0 and <= MaxLabel && text[0] != '.' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}

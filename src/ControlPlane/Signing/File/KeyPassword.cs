using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Signing.File;

/// <summary>The password of the key files, read once from a file that is its owner's alone, and zeroed when it is given up.</summary>
internal sealed class KeyPassword : IDisposable
{
    private const int MaxBytes = 4096;

    // Pinned, so that the collector leaves no copies behind when it moves things.
    private readonly byte[] bytes;

    private KeyPassword(ReadOnlySpan<byte> password)
    {
        bytes = GC.AllocateUninitializedArray<byte>(password.Length, pinned: true);
        password.CopyTo(bytes);
    }

    internal ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Reads the password; one newline at the end is the editor's, not the password's.</summary>
    /// <exception cref="KeyUnavailableException">Missing, empty, or others may read it: the message names the file.</exception>
    public static KeyPassword FromFile(string path)
    {
        byte[] content;
        try
        {
            OwnersAlone.Check(path, "key password file");
            if (new FileInfo(path).Length > MaxBytes)
                throw new KeyUnavailableException($"key password file '{path}' is larger than {MaxBytes} bytes; it is no password");
            content = System.IO.File.ReadAllBytes(path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new KeyUnavailableException($"key password file '{path}' cannot be read: {cause.Message}", cause);
        }
        try
        {
            ReadOnlySpan<byte> password = content;
            if (password.EndsWith("\r\n"u8)) password = password[..^2];
            else if (password.EndsWith("\n"u8)) password = password[..^1];
            if (password.IsEmpty) throw new KeyUnavailableException($"key password file '{path}' is empty");
            return new KeyPassword(password);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Never the password: it may end up in a log by its <c>ToString</c>.</summary>
    public override string ToString() => "key password";

    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);
}

namespace GrpcCa.ControlPlane.Signing;

/// <summary>
/// A place where keys live: files now, PKCS#11 and others later. One contract suite runs against every provider.
/// Implementations are safe for parallel use. Nothing outside this room sees a signer: ask <see cref="SigningDesk"/>.
/// </summary>
internal interface ISignerProvider
{
    /// <summary>The URI scheme, such as <c>file</c> or <c>pkcs11</c>.</summary>
    string Scheme { get; }

    /// <summary>Makes a key and keeps it durably before it returns its URI. Never replaces an existing key.</summary>
    ValueTask<KeyUri> GenerateAsync(KeyAlgorithm algorithm, string label, CancellationToken cancellationToken);

    /// <summary>Opens a key for signing.</summary>
    /// <exception cref="KeyUnavailableException">Missing, corrupt, wrong password, others may read it: the message names the file.</exception>
    ValueTask<ISigner> OpenAsync(KeyUri uri, CancellationToken cancellationToken);
}

/// <summary>An open key. Safe for parallel use.</summary>
internal interface ISigner : IDisposable
{
    KeyAlgorithm Algorithm { get; }

    /// <summary>The public key, DER SubjectPublicKeyInfo.</summary>
    ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>Signs with the algorithm's hash; ECDSA signatures are DER (RFC 3279 §2.2.3).</summary>
    ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> toBeSigned, CancellationToken cancellationToken);
}

/// <summary>Kinds of CA keys.</summary>
internal enum KeyAlgorithm
{
    EcP256 = 1,
    EcP384,
    Rsa2048,
    Rsa3072,
    Rsa4096,
}

/// <summary>Where a key is: <c>file:issuer-1a2b.p8</c> (relative to the key directory), <c>pkcs11:…</c> (RFC 7512).</summary>
internal sealed record KeyUri(string Scheme, string Path)
{
    public static KeyUri Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0) throw new FormatException($"'{text}' is no key URI such as file:issuer.p8");
        return new KeyUri(text[..colon], text[(colon + 1)..]);
    }

    public override string ToString() => $"{Scheme}:{Path}";
}

/// <summary>A key that cannot be used; the message says which and why, never what is in it.</summary>
internal sealed class KeyUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

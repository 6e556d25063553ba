using System.Security.Cryptography;
using GrpcCa.ControlPlane.Signing.File;

namespace GrpcCa.ControlPlane.Signing;

/// <summary>
/// Seals secrets that must be read again (EAB and webhook MAC keys) with AES-256-GCM under a key derived from the key
/// password. The envelope carries the id of its key, so that one sealed under another password is told apart from a
/// damaged one: <c>key id (8) | nonce (12) | tag (16) | ciphertext</c>.
/// </summary>
internal sealed class SecretEnvelope : IDisposable
{
    private const int KeyIdSize = 8, NonceSize = 12, TagSize = 16;
    private readonly byte[] keyId;
    private readonly AesGcm cipher;

    // The platform's cipher is one context: two at a time spoil each other's result.
    private readonly Lock gate = new();
    private readonly KeyPassword password;

    public SecretEnvelope(KeyPassword password)
    {
        this.password = password;
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, password.Bytes, key, salt: [], "grpcca secret envelope v1"u8);
        keyId = HKDF.DeriveKey(HashAlgorithmName.SHA256, password.Bytes.ToArray(), KeyIdSize, info: "grpcca secret envelope id v1"u8.ToArray());
        cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
    }

    /// <summary>A key for authenticating what this house gave out, the same in every replica and after a restart.</summary>
    public byte[] DeriveKey(string purpose)
    {
        var key = new byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, password.Bytes, key, salt: [], System.Text.Encoding.UTF8.GetBytes($"grpcca {purpose} v1"));
        return key;
    }

    /// <summary>Seals a secret for one place; <paramref name="purpose"/> (such as <c>eabKeys/x</c>) must be the same to open it.</summary>
    public byte[] Seal(ReadOnlySpan<byte> secret, string purpose)
    {
        var envelope = new byte[KeyIdSize + NonceSize + TagSize + secret.Length];
        keyId.CopyTo(envelope, 0);
        var nonce = envelope.AsSpan(KeyIdSize, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        lock (gate)
            cipher.Encrypt(nonce, secret, envelope.AsSpan(KeyIdSize + NonceSize + TagSize), envelope.AsSpan(KeyIdSize + NonceSize, TagSize),
                System.Text.Encoding.UTF8.GetBytes(purpose));
        return envelope;
    }

    /// <exception cref="KeyUnavailableException">Sealed under another password, moved from another place, or damaged.</exception>
    public byte[] Open(ReadOnlySpan<byte> envelope, string purpose)
    {
        if (envelope.Length < KeyIdSize + NonceSize + TagSize || !envelope[..KeyIdSize].SequenceEqual(keyId))
            throw new KeyUnavailableException($"the secret of {purpose} was sealed under another key password");
        var secret = new byte[envelope.Length - KeyIdSize - NonceSize - TagSize];
        try
        {
            lock (gate)
                cipher.Decrypt(envelope.Slice(KeyIdSize, NonceSize), envelope[(KeyIdSize + NonceSize + TagSize)..],
                    envelope.Slice(KeyIdSize + NonceSize, TagSize), secret, System.Text.Encoding.UTF8.GetBytes(purpose));
            return secret;
        }
        catch (CryptographicException cause)
        {
            throw new KeyUnavailableException($"the sealed secret of {purpose} is damaged", cause);
        }
    }

    public void Dispose() => cipher.Dispose();
}

using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Signing.File;

/// <summary>A private key that another program made: a PEM file, encrypted or not.</summary>
internal static class ForeignKey
{
    /// <summary>Its PrivateKeyInfo, which the caller zeroes.</summary>
    /// <exception cref="KeyUnavailableException">It cannot be read, or is not the private half of <paramref name="subjectPublicKeyInfo"/>.</exception>
    public static byte[] Read(string file, string? passwordFile, ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        try
        {
            var pem = System.IO.File.ReadAllText(file);
            var password = passwordFile is null ? null : System.IO.File.ReadAllText(passwordFile).TrimEnd('\r', '\n');
            using var key = Import(pem, password);
            if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(subjectPublicKeyInfo))
                throw new KeyUnavailableException($"'{file}' is not the key of the intermediate");
            return key.ExportPkcs8PrivateKey();
        }
        catch (Exception cause) when (cause is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new KeyUnavailableException($"'{file}' is no readable private key: {cause.Message}", cause);
        }
    }

    // The kind of key is inside the encryption: whichever reads it.
    private static AsymmetricAlgorithm Import(string pem, string? password)
    {
        try
        {
            return Fill(ECDsa.Create(), pem, password);
        }
        catch (CryptographicException)
        {
            return Fill(RSA.Create(), pem, password);
        }
    }

    private static AsymmetricAlgorithm Fill(AsymmetricAlgorithm key, string pem, string? password)
    {
        try
        {
            if (password is null) key.ImportFromPem(pem);
            else key.ImportFromEncryptedPem(pem, password);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}

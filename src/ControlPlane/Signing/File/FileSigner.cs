using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Signing.File;

/// <summary>
/// An opened key file. OpenSSL's key objects may be used by many threads once they are made; a parallel test of the
/// contract suite holds the platform to that.
/// </summary>
internal sealed class FileSigner(AsymmetricAlgorithm key) : ISigner
{
    public KeyAlgorithm Algorithm { get; } = PrivateKey.AlgorithmOf(key);

    public ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; } = key.ExportSubjectPublicKeyInfo();

    public ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> toBeSigned, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // RFC 5758 §3.2: the hash as strong as the curve. RFC 3279 §2.2.3: the two numbers in a SEQUENCE.
        return ValueTask.FromResult(key switch
        {
            ECDsa ec => ec.SignData(toBeSigned.Span, Algorithm == KeyAlgorithm.EcP384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256,
                DSASignatureFormat.Rfc3279DerSequence),
            RSA rsa => rsa.SignData(toBeSigned.Span, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => throw new InvalidOperationException("unknown kind of key"),
        });
    }

    public void Dispose() => key.Dispose();
}

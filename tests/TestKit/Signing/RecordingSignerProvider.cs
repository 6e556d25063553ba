using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.TestKit.Signing;

/// <summary>A provider whose signatures are noted; everything else is the inner provider's.</summary>
internal sealed class RecordingSignerProvider(ISignerProvider inner, SignatureLog log) : ISignerProvider
{
    public string Scheme => inner.Scheme;

    /// <summary>When set, signing fails with it after the note.</summary>
    public Func<Exception>? Failure { get; set; }

    /// <summary>When set, changes a signature before it goes back: a signer that cannot be trusted.</summary>
    public Func<byte[], byte[]>? Corruption { get; set; }

    public ValueTask<KeyUri> GenerateAsync(KeyAlgorithm algorithm, string label, CancellationToken cancellationToken) =>
        inner.GenerateAsync(algorithm, label, cancellationToken);

    public async ValueTask<ISigner> OpenAsync(KeyUri uri, CancellationToken cancellationToken) =>
        new RecordingSigner(await inner.OpenAsync(uri, cancellationToken), uri, this, log);

    private sealed class RecordingSigner(ISigner inner, KeyUri key, RecordingSignerProvider provider, SignatureLog log) : ISigner
    {
        public KeyAlgorithm Algorithm => inner.Algorithm;

        public ReadOnlyMemory<byte> SubjectPublicKeyInfo => inner.SubjectPublicKeyInfo;

        public async ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> toBeSigned, CancellationToken cancellationToken)
        {
            log.Add(key, toBeSigned);
            if (provider.Failure is { } failure) throw failure();
            var signature = await inner.SignAsync(toBeSigned, cancellationToken);
            return provider.Corruption is { } corrupt ? corrupt(signature) : signature;
        }

        public void Dispose() => inner.Dispose();
    }
}

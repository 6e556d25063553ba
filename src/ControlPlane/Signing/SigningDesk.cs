using System.Collections.Concurrent;

namespace GrpcCa.ControlPlane.Signing;

/// <summary>The only way to a signature: hand in an unspent permit and the bytes it was bound to.</summary>
internal sealed class SigningDesk(IEnumerable<ISignerProvider> providers) : IDisposable
{
    private readonly Dictionary<string, ISignerProvider> providers = providers.ToDictionary(p => p.Scheme, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<KeyUri, ISigner> open = new();

    /// <summary>Makes a key with the provider of the scheme.</summary>
    public ValueTask<KeyUri> GenerateAsync(string scheme, KeyAlgorithm algorithm, string label, CancellationToken cancellationToken) =>
        Provider(scheme).GenerateAsync(algorithm, label, cancellationToken);

    /// <summary>Opens a key, so that a missing or corrupt one stops the start, and tells its public half.</summary>
    public async ValueTask<(KeyAlgorithm Algorithm, ReadOnlyMemory<byte> SubjectPublicKeyInfo)> DescribeAsync(KeyUri key, CancellationToken cancellationToken)
    {
        var signer = await OpenAsync(key, cancellationToken);
        return (signer.Algorithm, signer.SubjectPublicKeyInfo);
    }

    /// <summary>Spends the permit and signs.</summary>
    public async ValueTask<byte[]> SignAsync(SigningPermit permit, ReadOnlyMemory<byte> toBeSigned, CancellationToken cancellationToken)
    {
        permit.Spend(toBeSigned.Span);
        var signer = await OpenAsync(permit.Key, cancellationToken);
        return await signer.SignAsync(toBeSigned, cancellationToken);
    }

    public void Dispose()
    {
        foreach (var signer in open.Values) signer.Dispose();
    }

    private async ValueTask<ISigner> OpenAsync(KeyUri key, CancellationToken cancellationToken)
    {
        if (open.TryGetValue(key, out var signer)) return signer;
        var opened = await Provider(key.Scheme).OpenAsync(key, cancellationToken);
        var kept = open.GetOrAdd(key, opened);
        if (!ReferenceEquals(kept, opened)) opened.Dispose();
        return kept;
    }

    private ISignerProvider Provider(string scheme) => providers.TryGetValue(scheme, out var provider)
        ? provider
        : throw new KeyUnavailableException($"no signer provider for '{scheme}:' keys; known: {string.Join(", ", providers.Keys)}");
}

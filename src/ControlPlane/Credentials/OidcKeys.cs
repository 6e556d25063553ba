using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using PublicKey = GrpcCa.ControlPlane.Pki.PublicKey;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>
/// The keys of OpenID providers, by their discovery documents (OpenID Connect Discovery §4): remembered for an hour, asked for
/// again when a token names a key that is not there, at most once a minute. Whoever comes meanwhile waits for the same answer, and
/// what failed is not tried again at once: strangers, too, can have it asked.
/// </summary>
internal sealed class OidcKeys(GuardedFetch fetch, AuthorityBook authorities, ValidationOptions validation, TimeProvider time) : IDisposable
{
    private const int MostKeys = 100, MostProviders = 200;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private static readonly TimeSpan Apart = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ApartAfterFailure = TimeSpan.FromSeconds(5);
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 10, AllowDuplicateProperties = false };
    private static readonly JwsLimits Limits = new();

    // By provisioner, its making and its version: one that was edited is asked anew, and so is one made again under the same id,
    // whose versions count from one again. Bounded: a full table starts anew.
    private readonly ConcurrentDictionary<(string, DateTimeOffset, long), Provider> providers = new();
    private readonly CancellationTokenSource stopping = new();

    /// <summary>The key that a token names; with one key only, the name may be missing.</summary>
    /// <exception cref="RefusalException">Unauthenticated: the provider has no such key. Unavailable: it cannot be asked.</exception>
    public async ValueTask<PublicKey> FindAsync(ProvisionerRecord provisioner, OidcSettings settings, string? keyId, CancellationToken cancellationToken)
    {
        var provider = ProviderOf(provisioner);
        var known = provider.Current;
        if (known is not null && time.GetUtcNow() - known.FetchedAt < Kept && known.Find(keyId) is { } found) return found;
        known = await AnswerAsync(provider, settings, keyId).WaitAsync(cancellationToken);
        return known.Find(keyId) ?? throw CompactJws.Refused($"is signed by the key {Excerpt.Of(keyId ?? "(without kid)")}, which {settings.Issuer} does not have");
    }

    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
    }

    // Nobody's call bounds it: one that is given up must not make the next one dial again.
    private Task<KeySet> AnswerAsync(Provider provider, OidcSettings settings, string? keyId)
    {
        lock (provider.Gate)
        {
            if (provider.Asking is { } asked && (!asked.IsCompleted || time.GetElapsedTime(provider.EndedAt) < PauseAfter(asked, keyId))) return asked;
            return provider.Asking = Task.Run(() => RefreshAsync(provider, settings, stopping.Token));
        }
    }

    private static TimeSpan PauseAfter(Task<KeySet> asked, string? keyId) =>
        !asked.IsCompletedSuccessfully ? ApartAfterFailure : asked.Result.Find(keyId) is null ? Apart : Kept;

    private async Task<KeySet> RefreshAsync(Provider provider, OidcSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            return provider.Current = await AskAsync(settings, cancellationToken);
        }
        finally
        {
            provider.EndedAt = time.GetTimestamp();
        }
    }

    private Provider ProviderOf(ProvisionerRecord provisioner)
    {
        var key = (provisioner.Id, provisioner.CreatedAt, provisioner.Version);
        if (providers.TryGetValue(key, out var provider)) return provider;
        if (providers.Count >= MostProviders) providers.Clear();
        return providers.GetOrAdd(key, _ => new Provider());
    }

    private async Task<KeySet> AskAsync(OidcSettings settings, CancellationToken cancellationToken)
    {
        var bounds = await BoundsAsync(settings, cancellationToken);
        var discovery = new Uri(settings.Issuer.TrimEnd('/') + "/.well-known/openid-configuration");
        var document = Json(discovery, await fetch.GetAsync(discovery, bounds, cancellationToken));
        // OpenID Connect Discovery §4.3: it must say the very issuer that was asked.
        if (Text(document, "issuer") != settings.Issuer) throw Wrong(discovery, $"it is of another issuer than {settings.Issuer}");
        if (!Uri.TryCreate(Text(document, "jwks_uri"), UriKind.Absolute, out var keys) || keys.Scheme != Uri.UriSchemeHttps) throw Wrong(discovery, "its jwks_uri is no https URL");
        var set = Json(keys, await fetch.GetAsync(keys, bounds, cancellationToken));
        if (!set.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MostKeys) throw Wrong(keys, $"it has no list of at most {MostKeys} keys");
        return new KeySet(time.GetUtcNow(), [.. list.EnumerateArray().Select(Read).OfType<NamedKey>()]);
    }

    private async ValueTask<FetchBounds> BoundsAsync(OidcSettings settings, CancellationToken cancellationToken)
    {
        var own = settings.RootsPem.Length == 0;
        var roots = own
            ? [.. (await authorities.CurrentAsync(cancellationToken)).Authorities.Where(a => a.Purpose == AuthorityPurpose.Issuing && a.IsTrusted).Select(a => a.RootDer)]
            : CredentialFaults.ReadRoots(settings.RootsPem).Select((X509Certificate2 c) => c.RawData).ToList();
        return new(
            settings.Ranges.IsDefaultOrEmpty ? validation.Ranges : [.. settings.Ranges.Select(range => IPNetwork.Parse(range))],
            settings.Resolvers.IsDefaultOrEmpty ? validation.Resolver : [.. settings.Resolvers.Select(IPEndPoint.Parse)],
            roots, SystemRoots: own);
    }

    // A set may hold keys of kinds that we do not take, and keys for encryption; they are as good as not there.
    private static NamedKey? Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object || Text(element, "use") is not (null or "sig")) return null;
        try
        {
            return new(Text(element, "kid"), JsonWebKey.Parse(System.Text.Encoding.UTF8.GetBytes(element.GetRawText()), "a key of the provider", Limits).PublicKey);
        }
        catch (RefusalException)
        {
            return null;
        }
    }

    private static JsonElement Json(Uri url, byte[] bytes)
    {
        try
        {
            var json = JsonElement.Parse(bytes, Strict);
            return json.ValueKind == JsonValueKind.Object ? json : throw Wrong(url, "it is no JSON object");
        }
        catch (JsonException)
        {
            throw Wrong(url, "it is no JSON");
        }
    }

    private static string? Text(JsonElement json, string member) => json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static RefusalException Wrong(Uri url, string detail) => new(RefusalReason.Unavailable, $"{url} is of no use: {detail}");

    private sealed class Provider
    {
        public Lock Gate { get; } = new();

        /// <summary>The last keys that it gave; null before.</summary>
        public volatile KeySet? Current;

        /// <summary>The last question, running or over.</summary>
        public Task<KeySet>? Asking { get; set; }

        /// <summary>When the last question was over.</summary>
        public long EndedAt { get; set; }
    }

    private sealed record NamedKey(string? KeyId, PublicKey Key);

    private sealed record KeySet(DateTimeOffset FetchedAt, IReadOnlyList<NamedKey> Keys)
    {
        public PublicKey? Find(string? keyId) => keyId is null
            ? Keys.Count == 1 ? Keys[0].Key : null
            : Keys.FirstOrDefault(k => k.KeyId == keyId)?.Key;
    }
}

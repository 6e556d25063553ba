using System.Collections.Immutable;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>The newest list of each issuer, never older than the store: each call reads the numbers, and a list once.</summary>
internal sealed class CrlBook(IStore store, AuthorityBook authorities) : IDisposable
{
    private readonly SemaphoreSlim loading = new(1, 1);
    private ImmutableDictionary<string, PublishedCrl> known = ImmutableDictionary<string, PublishedCrl>.Empty;

    /// <summary>Every issuer with its list, in the order of <see cref="CrlIssuer.AllOf"/>.</summary>
    public async Task<ImmutableArray<CrlStanding>> CurrentAsync(CancellationToken cancellationToken)
    {
        var issuers = CrlIssuer.AllOf(await authorities.CurrentAsync(cancellationToken));
        var states = await store.ReadAsync(CrlStore.ListStatesAsync, cancellationToken);
        var standings = ImmutableArray.CreateBuilder<CrlStanding>(issuers.Length);
        foreach (var issuer in issuers)
        {
            var number = states.FirstOrDefault(s => s.Issuer == issuer.Name)?.PublishedNumber ?? 0;
            standings.Add(new CrlStanding(issuer, number == 0 ? null : await GetAsync(issuer.Name, number, cancellationToken)));
        }
        return standings.MoveToImmutable();
    }

    public void Dispose() => loading.Dispose();

    private async Task<PublishedCrl> GetAsync(string issuer, long number, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref known).TryGetValue(issuer, out var kept) && kept.Number >= number) return kept;
        await loading.WaitAsync(cancellationToken);
        try
        {
            if (known.TryGetValue(issuer, out kept) && kept.Number >= number) return kept;
            var fresh = await store.ReadAsync(session => LoadAsync(session, issuer), cancellationToken);
            Volatile.Write(ref known, known.SetItem(issuer, fresh));
            return fresh;
        }
        finally
        {
            loading.Release();
        }
    }

    // Number and list from one snapshot: the list of an old number may be swept already.
    private static async ValueTask<PublishedCrl> LoadAsync(StoreSession session, string issuer)
    {
        var number = (await CrlStore.FindStateAsync(session, issuer))?.PublishedNumber ?? 0;
        var stored = await CrlStore.FindAsync(session, issuer, number) ?? throw new InvalidDataException($"list {number} of {issuer} is published, but its bytes are gone");
        return new PublishedCrl(number, stored.ThisUpdate, stored.NextUpdate, stored.Entries, stored.IsImported, stored.Der);
    }
}

/// <summary>An issuer and its newest list.</summary>
/// <param name="Issuer">The issuer.</param>
/// <param name="Crl">Null while there is none; <see cref="CrlIssuer.Problem"/> may say why.</param>
internal sealed record CrlStanding(CrlIssuer Issuer, PublishedCrl? Crl);

/// <summary>A list as it is given to everybody.</summary>
internal sealed record PublishedCrl(long Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, int Entries, bool IsImported, byte[] Der)
{
    /// <summary>Of the whole list, lower-case hex.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Der));
}

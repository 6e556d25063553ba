using System.Collections.Immutable;
using System.Data.Common;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>Rows of authorities, issuers and identity certificates.</summary>
internal static class AuthorityStore
{
    public static async ValueTask<AuthoritySnapshot> LoadAsync(StoreSession session)
    {
        var chains = (await session.Sql("select id, issuer_id, der, root_der, created_at from issuer_chains order by created_at, id").ListAsync(ReadChain))
            .ToLookup(chain => chain.IssuerId, StringComparer.Ordinal);
        var issuers = await session
            .Sql("select id, authority_id, der, signing_key, state, created_at from issuers order by created_at, id")
            .ListAsync(row => ReadIssuer(row) with { Chains = [.. chains[row.GetString(0)]] });
        var authorities = await session
            .Sql("""
                select id, purpose, display_name, root_der, root_key, state, permitted_names, revocation_base_url, created_at
                from authorities order by created_at, id
                """)
            .ListAsync(row => ReadAuthority(row, issuers));
        return new AuthoritySnapshot([.. authorities]);
    }

    public static async ValueTask InsertAsync(StoreSession session, AuthorityRecord authority)
    {
        await session
            .Sql("""
                insert into authorities (id, purpose, display_name, root_der, root_key, state, permitted_names, revocation_base_url, created_at)
                values (@id, @purpose, @display_name, @root_der, @root_key, @state, @permitted_names, @revocation_base_url, @created_at)
                """)
            .With("@id", authority.Id)
            .With("@purpose", authority.Purpose.ToString())
            .With("@display_name", authority.DisplayName)
            .With("@root_der", authority.RootDer)
            .With("@root_key", authority.RootKey?.ToString())
            .With("@state", authority.State.ToString())
            .With("@permitted_names", string.Join(' ', authority.PermittedNames))
            .With("@revocation_base_url", authority.RevocationBaseUrl)
            .With("@created_at", authority.CreatedAt)
            .ExecuteAsync();
        await Generation.BumpAsync(session);
    }

    public static async ValueTask InsertAsync(StoreSession session, IssuerRecord issuer)
    {
        await session
            .Sql("""
                insert into issuers (id, authority_id, der, signing_key, state, created_at)
                values (@id, @authority_id, @der, @signing_key, @state, @created_at)
                """)
            .With("@id", issuer.Id)
            .With("@authority_id", issuer.AuthorityId)
            .With("@der", issuer.Der)
            .With("@signing_key", issuer.Key.ToString())
            .With("@state", issuer.State.ToString())
            .With("@created_at", issuer.CreatedAt)
            .ExecuteAsync();
        await Generation.BumpAsync(session);
    }

    /// <summary>Adds a further chain; zero rows when the certificate is there already.</summary>
    public static async ValueTask<int> InsertAsync(StoreSession session, IssuerChain chain)
    {
        var inserted = await session
            .Sql("""
                insert into issuer_chains (id, issuer_id, der, sha256, root_der, created_at)
                values (@id, @issuer_id, @der, @sha256, @root_der, @created_at)
                on conflict (sha256) do nothing
                """)
            .With("@id", chain.Id)
            .With("@issuer_id", chain.IssuerId)
            .With("@der", chain.Der)
            .With("@sha256", SHA256.HashData(chain.Der))
            .With("@root_der", chain.RootDer)
            .With("@created_at", chain.CreatedAt)
            .ExecuteAsync();
        if (inserted > 0) await Generation.BumpAsync(session);
        return inserted;
    }

    /// <summary>Removes a further chain; zero rows when it is not there.</summary>
    public static async ValueTask<int> DeleteChainAsync(StoreSession session, string id)
    {
        var deleted = await session.Sql("delete from issuer_chains where id = @id").With("@id", id).ExecuteAsync();
        if (deleted > 0) await Generation.BumpAsync(session);
        return deleted;
    }

    public static async ValueTask InsertIdentityAsync(
        StoreSession session, string serial, string uri, byte[] der, DateTimeOffset notAfter, DateTimeOffset now) => await session
            .Sql("""
                insert into identity_certificates (serial, uri, der, not_after, created_at)
                values (@serial, @uri, @der, @not_after, @created_at)
                """)
            .With("@serial", serial)
            .With("@uri", uri)
            .With("@der", der)
            .With("@not_after", notAfter)
            .With("@created_at", now)
            .ExecuteAsync();

    /// <summary>Forgets identities a while after they expired; a batch.</summary>
    public static async ValueTask<int> SweepIdentitiesAsync(StoreSession session, DateTimeOffset before, int batch) => await session
        .Sql("""
            delete from identity_certificates where serial in
            (select serial from identity_certificates where not_after < @before order by not_after limit @batch)
            """)
        .With("@before", before)
        .With("@batch", batch)
        .ExecuteAsync();

    private static AuthorityRecord ReadAuthority(DbDataReader row, List<IssuerRecord> issuers) => new(
        row.GetString(0),
        Enum.Parse<AuthorityPurpose>(row.GetString(1)),
        row.GetString(2),
        row.Bytes(3),
        row.OptionalText(4) is { } key ? KeyUri.Parse(key) : null,
        Enum.Parse<KeyState>(row.GetString(5)),
        [.. row.GetString(6).Split(' ', StringSplitOptions.RemoveEmptyEntries)],
        row.OptionalText(7),
        row.Time(8),
        issuers.Where(i => i.AuthorityId == row.GetString(0)).ToImmutableArray());

    private static IssuerChain ReadChain(DbDataReader row) => new(row.GetString(0), row.GetString(1), row.Bytes(2), row.Bytes(3), row.Time(4));

    private static IssuerRecord ReadIssuer(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.Bytes(2), KeyUri.Parse(row.GetString(3)), Enum.Parse<KeyState>(row.GetString(4)), row.Time(5));
}

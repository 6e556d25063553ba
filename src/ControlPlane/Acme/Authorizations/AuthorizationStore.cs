using System.Data.Common;
using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>Rows of authorizations; the challenges live in the document of their authorization.</summary>
internal static class AuthorizationStore
{
    private const string Columns = "document, version, id";

    private static readonly ParsedDocuments<Authorization> Documents = new(AuthorizationDocuments.Default.Authorization);

    public static ValueTask<Authorization?> FindAsync(StoreSession session, string id) => session.Recall<Authorization>(KeptRows.Authorizations, id) is { } kept
        ? new ValueTask<Authorization?>(kept)
        : session
            .Sql($"select {Columns} from authorizations where id = @id")
            .With("@id", id)
            .FirstAsync(Read);

    /// <summary>As it is now.</summary>
    public static ValueTask<Authorization?> FindAsync(IStore store, string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return store.Kept?.Find<Authorization>(KeptRows.Authorizations, id) is { } kept
            ? new ValueTask<Authorization?>(kept)
            : store.ReadOneAsync(session => FindAsync(session, id), cancellationToken);
    }

    /// <summary>The account's for the name that have not expired, those proven last first; what they are worth is derived.</summary>
    public static ValueTask<List<Authorization>> ListUnexpiredAsync(StoreSession session, string accountId, string identifier, DateTimeOffset now) => session
        .Sql($"""
            select {Columns} from authorizations
            where account_id = @account_id and identifier = @identifier and expires_at > @now
            order by reusable_until desc limit 8
            """)
        .With("@account_id", accountId)
        .With("@identifier", identifier)
        .With("@now", now)
        .ListAsync(Read);

    /// <summary>A page of those that a replica was validating when it stopped, oldest first, after the given position.</summary>
    public static ValueTask<List<Authorization>> ListProcessingAsync(StoreSession session, string replica, DateTimeOffset afterTime, string afterId, int limit) => session
        .Sql($"""
            select {Columns} from authorizations
            where processing_by = @replica and (created_at, id) > (@after_time, @after_id)
            order by created_at, id limit @limit
            """)
        .With("@replica", replica)
        .With("@after_time", afterTime)
        .With("@after_id", afterId)
        .With("@limit", limit)
        .ListAsync(Read);

    public static async ValueTask InsertAsync(StoreSession session, Authorization authorization)
    {
        var document = Documents.Write(authorization.Id, authorization);
        await session
            .Sql("""
                insert into authorizations (id, account_id, identifier, document, reusable_until, processing_by, pending, created_at, expires_at, version)
                values (@id, @account_id, @identifier, @document, @reusable_until, @processing_by, @pending, @created_at, @expires_at, 1)
                """)
            .With("@id", authorization.Id)
            .With("@account_id", authorization.AccountId)
            .With("@identifier", KeyOf(authorization.Identifier, authorization.Wildcard))
            .With("@document", document)
            .With("@reusable_until", authorization.ReusableUntil)
            .With("@processing_by", authorization.ProcessingBy)
            .With("@pending", IsPending(authorization))
            .With("@created_at", authorization.CreatedAt)
            .With("@expires_at", authorization.ExpiresAt)
            .Leaving(KeptRows.Authorizations, authorization.Id, authorization with { Version = 1 }, document.Length)
            .ExecuteAsync();
    }

    /// <summary>Replaces an authorization by its next value; false when it changed meanwhile.</summary>
    public static async ValueTask<bool> ReplaceAsync(StoreSession session, Authorization old, Authorization next)
    {
        var document = Documents.Write(old.Id, next);
        return await session
            .Sql("""
                update authorizations set document = @document, reusable_until = @reusable_until, processing_by = @processing_by,
                    pending = @pending, expires_at = @expires_at, version = version + 1
                where id = @id and version = @version
                """)
            .With("@document", document)
            .With("@reusable_until", next.ReusableUntil)
            .With("@processing_by", next.ProcessingBy)
            .With("@pending", IsPending(next))
            .With("@expires_at", next.ExpiresAt)
            .With("@id", old.Id)
            .With("@version", old.Version)
            .Leaving(KeptRows.Authorizations, old.Id, next with { Version = old.Version + 1 }, document.Length)
            .ExecuteAsync() == 1;
    }

    /// <summary>Removes what expired; a batch.</summary>
    public static ValueTask<int> SweepAsync(StoreSession session, DateTimeOffset before, int batch) => session
        .Sql("""
            delete from authorizations where id in
            (select id from authorizations where expires_at < @before order by expires_at limit @batch)
            """)
        .With("@before", before)
        .With("@batch", batch)
        .ExecuteAsync();

    /// <summary>A wildcard's authorization is not its base name's.</summary>
    public static string KeyOf(Identifier identifier, bool wildcard) => wildcard ? $"{identifier.TypeName}:*.{identifier.Value}" : identifier.ToString();

    // Expiry is a column of its own.
    private static bool IsPending(Authorization authorization) => authorization.StatusAt(DateTimeOffset.MinValue) == AuthorizationStatus.Pending;

    private static Authorization Read(DbDataReader row) => Documents.Read(row.GetString(2), row.GetString(0)) with { Version = row.GetInt64(1) };
}

[JsonSourceGenerationOptions(Converters = [typeof(IdentifierJsonConverter)], DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Authorization))]
internal sealed partial class AuthorizationDocuments : JsonSerializerContext;

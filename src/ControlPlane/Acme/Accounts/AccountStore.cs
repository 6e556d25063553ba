using System.Data.Common;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>Rows of accounts; lists are in <see cref="AccountListStore"/>. A key belongs to at most one account of a provisioner: the table says so.</summary>
internal static class AccountStore
{
    /// <summary>What <see cref="Read"/> reads.</summary>
    public const string Columns = "id, provisioner_id, key_json, status, contacts, terms_agreed, eab_key_id, binding, created_at, version, pause_message, paused_at";

    /// <summary>What requests are checked with. A change of any of them raises <see cref="Generation.Accounts"/>: the schema's triggers name the same.</summary>
    public const string KeyColumns = "provisioner_id, status, key_json, eab_key_id, pause_message";

    public static ValueTask<Account?> FindAsync(StoreSession session, string id) => session
        .Sql($"select {Columns} from accounts where id = @id")
        .With("@id", id)
        .FirstAsync(Read);

    public static ValueTask<Account?> FindByKeyAsync(StoreSession session, string provisionerId, string thumbprint) => session
        .Sql($"select {Columns} from accounts where provisioner_id = @provisioner_id and key_thumbprint = @key_thumbprint")
        .With("@provisioner_id", provisionerId)
        .With("@key_thumbprint", thumbprint)
        .FirstAsync(Read);

    /// <summary>What the verifier needs at every request: one row by its primary key.</summary>
    public static ValueTask<AccountKeyRow?> FindKeyAsync(StoreSession session, string id) => session
        .Sql($"select {KeyColumns} from accounts where id = @id")
        .With("@id", id)
        .FirstAsync(row => new AccountKeyRow(row.GetString(0), Enum.Parse<AccountStatus>(row.GetString(1)), row.GetString(2), row.OptionalText(3), row.OptionalText(4)));

    /// <summary>Zero rows when another request made an account of this key first.</summary>
    public static ValueTask<int> InsertAsync(StoreSession session, Account account) => session
        .Sql("""
            insert into accounts
                (id, provisioner_id, key_thumbprint, key_json, key_sha256, status, contacts, terms_agreed, eab_key_id, binding, created_at, version)
            values (@id, @provisioner_id, @key_thumbprint, @key_json, @key_sha256, @status, @contacts, @terms_agreed, @eab_key_id, @binding, @created_at, 1)
            on conflict (provisioner_id, key_thumbprint) do nothing
            """)
        .With("@id", account.Id)
        .With("@provisioner_id", account.ProvisionerId)
        .With("@key_thumbprint", account.Key.Thumbprint)
        .With("@key_json", account.Key.CanonicalJson)
        .With("@key_sha256", account.Key.PublicKey.Sha256)
        .With("@status", account.Status.ToString())
        .With("@contacts", string.Join(' ', account.Contacts))
        .With("@terms_agreed", account.TermsAgreed)
        .With("@eab_key_id", account.EabKeyId)
        .With("@binding", account.Binding)
        .With("@created_at", account.CreatedAt)
        .ExecuteAsync();

    /// <summary>Replaces an account by its next value; false when it changed meanwhile.</summary>
    public static async ValueTask<bool> ReplaceAsync(StoreSession session, Account old, Account next) => await session
        .Sql("""
            update accounts set key_thumbprint = @key_thumbprint, key_json = @key_json, key_sha256 = @key_sha256, status = @status, contacts = @contacts,
                terms_agreed = @terms_agreed, pause_message = @pause_message, paused_at = @paused_at, version = version + 1
            where id = @id and version = @version
            """)
        .With("@key_thumbprint", next.Key.Thumbprint)
        .With("@key_json", next.Key.CanonicalJson)
        .With("@key_sha256", next.Key.PublicKey.Sha256)
        .With("@status", next.Status.ToString())
        .With("@contacts", string.Join(' ', next.Contacts))
        .With("@terms_agreed", next.TermsAgreed)
        .With("@pause_message", next.PauseMessage)
        .With("@paused_at", next.PausedAt)
        .With("@id", old.Id)
        .With("@version", old.Version)
        .ExecuteAsync() == 1;

    /// <summary>Revokes every account whose key has become known to others, of all provisioners; returns how many.</summary>
    public static ValueTask<int> RevokeByKeyAsync(StoreSession session, byte[] keySha256) => session
        .Sql("update accounts set status = @revoked, version = version + 1 where key_sha256 = @key_sha256 and status <> @revoked")
        .With("@revoked", nameof(AccountStatus.Revoked))
        .With("@key_sha256", keySha256)
        .ExecuteAsync();

    /// <summary>Whether the key bound an account that is valid.</summary>
    public static async ValueTask<bool> HasBoundAsync(StoreSession session, string eabKeyId) => await session
        .Sql("select count(*) from (select 1 as one from accounts where eab_key_id = @eab_key_id and status = @valid limit 1) as bound")
        .With("@eab_key_id", eabKeyId)
        .With("@valid", nameof(AccountStatus.Valid))
        .NumberAsync() > 0;

    public static Account Read(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        ProvisionerId = row.GetString(1),
        Key = JsonWebKey.FromStored(row.GetString(2)),
        Status = Enum.Parse<AccountStatus>(row.GetString(3)),
        Contacts = [.. row.GetString(4).Split(' ', StringSplitOptions.RemoveEmptyEntries)],
        TermsAgreed = row.Truth(5),
        EabKeyId = row.OptionalText(6),
        Binding = row.OptionalText(7),
        CreatedAt = row.Time(8),
        Version = row.GetInt64(9),
        PauseMessage = row.OptionalText(10),
        PausedAt = row.OptionalTime(11),
    };
}

/// <summary>The part of an account that a signature is checked with.</summary>
internal sealed record AccountKeyRow(string ProvisionerId, AccountStatus Status, string KeyJson, string? EabKeyId, string? PauseMessage);

using System.Collections.Immutable;
using System.Data.Common;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>SQL of the table gateways.</summary>
internal static class GatewayStore
{
    private const string Columns = """
        id, base_urls, retired_base_urls, tls_names, provisioners, disabled, created_at,
        enrolled_at, identity_serial, previous_serial, identity_expires_at, version
        """;

    public static ValueTask<GatewayRecord?> FindAsync(StoreSession session, string id) =>
        session.Sql($"SELECT {Columns} FROM gateways WHERE id = @id").With("@id", id).FirstAsync(Read);

    // People make gateways by hand, one for a host: all of them fit into memory.
    public static ValueTask<List<GatewayRecord>> ListAsync(StoreSession session) =>
        session.Sql($"SELECT {Columns} FROM gateways ORDER BY id LIMIT 10000").ListAsync(Read);

    /// <summary>False when the id is taken.</summary>
    public static async ValueTask<bool> AddAsync(StoreSession session, GatewayRecord gateway) => await Fill(session.Sql("""
        INSERT INTO gateways (id, base_urls, retired_base_urls, tls_names, provisioners, disabled, created_at,
            enrolled_at, identity_serial, previous_serial, identity_expires_at, version)
        VALUES (@id, @base_urls, @retired, @tls_names, @provisioners, @disabled, @created,
            @enrolled, @serial, @previous, @expires, @version)
        ON CONFLICT (id) DO NOTHING
        """), gateway).With("@created", gateway.CreatedAt).With("@version", gateway.Version).ExecuteAsync() == 1;

    /// <summary>Replaces the row that has the old version; false when somebody else changed it.</summary>
    public static async ValueTask<bool> ReplaceAsync(StoreSession session, GatewayRecord old, GatewayRecord next) => await Fill(session.Sql("""
        UPDATE gateways SET base_urls = @base_urls, retired_base_urls = @retired, tls_names = @tls_names,
            provisioners = @provisioners, disabled = @disabled, enrolled_at = @enrolled, identity_serial = @serial,
            previous_serial = @previous, identity_expires_at = @expires, version = @version
        WHERE id = @id AND version = @old
        """), next).With("@version", next.Version).With("@old", old.Version).ExecuteAsync() == 1;

    private static StoreStatement Fill(StoreStatement statement, GatewayRecord gateway) => statement
        .With("@id", gateway.Id)
        .With("@base_urls", string.Join('\n', gateway.BaseUrls))
        .With("@retired", string.Join('\n', gateway.RetiredBaseUrls))
        .With("@tls_names", string.Join('\n', gateway.DeclaredTlsNames))
        .With("@provisioners", string.Join('\n', gateway.ProvisionerIds))
        .With("@disabled", gateway.Disabled)
        .With("@enrolled", gateway.Identity.EnrolledAt)
        .With("@serial", gateway.Identity.Serial)
        .With("@previous", gateway.Identity.PreviousSerial)
        .With("@expires", gateway.Identity.ExpiresAt);

    private static GatewayRecord Read(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        BaseUrls = Lines(row.GetString(1)),
        RetiredBaseUrls = Lines(row.GetString(2)),
        DeclaredTlsNames = [.. Lines(row.GetString(3)).Select(Identifier.ParseKind)],
        ProvisionerIds = Lines(row.GetString(4)),
        Disabled = row.Truth(5),
        CreatedAt = row.Time(6),
        Identity = new EnrolledIdentity(row.GetString(8), row.GetString(9), row.OptionalTime(7), row.OptionalTime(10)),
        Version = row.GetInt64(11),
    };

    private static ImmutableArray<string> Lines(string text) => text.Length == 0 ? [] : [.. text.Split('\n')];
}

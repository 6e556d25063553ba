using System.Collections.Immutable;
using System.Data.Common;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Operators;

/// <summary>SQL of the table operators.</summary>
internal static class OperatorStore
{
    private const string Columns =
        "id, role, disabled, created_at, enrolled_at, identity_serial, previous_serial, identity_expires_at, version, provisioners";

    public static ValueTask<OperatorRecord?> FindAsync(StoreSession session, string id) =>
        session.Sql($"SELECT {Columns} FROM operators WHERE id = @id").With("@id", id).FirstAsync(Read);

    // People make operators by hand: all of them fit into memory.
    public static ValueTask<List<OperatorRecord>> ListAsync(StoreSession session) =>
        session.Sql($"SELECT {Columns} FROM operators ORDER BY id LIMIT 10000").ListAsync(Read);

    /// <summary>False when the id is taken.</summary>
    public static async ValueTask<bool> AddAsync(StoreSession session, OperatorRecord record) => await Fill(session.Sql($"""
        INSERT INTO operators ({Columns})
        VALUES (@id, @role, @disabled, @created, @enrolled, @serial, @previous, @expires, @version, @provisioners)
        ON CONFLICT (id) DO NOTHING
        """), record).ExecuteAsync() == 1;

    /// <summary>Replaces the row that has the old version; false when somebody else changed it.</summary>
    public static async ValueTask<bool> ReplaceAsync(StoreSession session, OperatorRecord old, OperatorRecord next) => await Fill(session.Sql("""
        UPDATE operators SET role = @role, disabled = @disabled, created_at = @created, enrolled_at = @enrolled,
            identity_serial = @serial, previous_serial = @previous, identity_expires_at = @expires, version = @version, provisioners = @provisioners
        WHERE id = @id AND version = @old
        """), next).With("@old", old.Version).ExecuteAsync() == 1;

    private static StoreStatement Fill(StoreStatement statement, OperatorRecord record) => statement
        .With("@id", record.Id)
        .With("@role", (long)record.Role)
        .With("@disabled", record.Disabled)
        .With("@created", record.CreatedAt)
        .With("@enrolled", record.Identity.EnrolledAt)
        .With("@serial", record.Identity.Serial)
        .With("@previous", record.Identity.PreviousSerial)
        .With("@expires", record.Identity.ExpiresAt)
        .With("@version", record.Version)
        .With("@provisioners", string.Join('\n', record.ProvisionerIds));

    private static OperatorRecord Read(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        Role = (OperatorRole)row.GetInt64(1),
        Disabled = row.Truth(2),
        CreatedAt = row.Time(3),
        Identity = new EnrolledIdentity(row.GetString(5), row.GetString(6), row.OptionalTime(4), row.OptionalTime(7)),
        Version = row.GetInt64(8),
        ProvisionerIds = Lines(row.GetString(9)),
    };

    private static ImmutableArray<string> Lines(string text) => text.Length == 0 ? [] : [.. text.Split('\n')];
}

using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>Rows of issuance_plans: what was going to be signed, and how it ended. A serial number is there for ever.</summary>
internal static class IssuancePlanStore
{
    /// <summary>Records a plan; a serial number that was ever used violates the primary key.</summary>
    public static async ValueTask AddAsync(StoreSession session, IssuancePlan plan)
    {
        var rows = await session.Sql("""
            INSERT INTO issuance_plans (serial, kind, role, purpose, issuer, replica_id, created_at, outcome, tbs, tbs_sha256)
            VALUES (@serial, @kind, @role, @purpose, @issuer, @replica, @created, 'planned', @tbs, @hash)
            """)
            .With("serial", plan.Serial.Hex).With("kind", plan.Kind).With("role", plan.Role).With("purpose", plan.Purpose)
            .With("issuer", plan.Issuer).With("replica", plan.ReplicaId).With("created", plan.CreatedAt)
            .With("tbs", plan.Tbs).With("hash", plan.TbsSha256)
            .ExecuteAsync();
        if (rows != 1) throw new InvalidOperationException($"plan {plan.Serial} was not recorded");
    }

    /// <summary>Closes an open plan and drops its bytes; false when it is not open (any more).</summary>
    public static async ValueTask<bool> CloseAsync(StoreSession session, SerialNumber serial, string outcome, DateTimeOffset now) =>
        await session.Sql("""
            UPDATE issuance_plans SET outcome = @outcome, closed_at = @now, tbs = NULL
            WHERE serial = @serial AND outcome = 'planned'
            """)
            .With("outcome", outcome).With("now", now).With("serial", serial.Hex)
            .ExecuteAsync() == 1;

    /// <summary>Open plans of a replica, and those of others that are older than <paramref name="staleBefore"/>.</summary>
    public static ValueTask<List<IssuancePlan>> ListOpenAsync(StoreSession session, string replicaId, DateTimeOffset staleBefore, int limit) =>
        session.Sql($"""
            SELECT {Columns} FROM issuance_plans
            WHERE outcome = 'planned' AND (replica_id = @replica OR created_at < @stale)
            ORDER BY created_at, serial LIMIT @limit
            """)
            .With("replica", replicaId).With("stale", staleBefore).With("limit", limit)
            .ListAsync(Map);

    public static ValueTask<IssuancePlan?> FindAsync(StoreSession session, SerialNumber serial) =>
        session.Sql($"SELECT {Columns} FROM issuance_plans WHERE serial = @serial")
            .With("serial", serial.Hex)
            .FirstAsync(Map);

    private const string Columns = "serial, kind, role, purpose, issuer, replica_id, created_at, outcome, tbs, tbs_sha256, closed_at";

    private static IssuancePlan Map(System.Data.Common.DbDataReader row) => new()
    {
        Serial = SerialNumber.TryParseHex(row.GetString(0), out var serial)
            ? serial
            : throw new InvalidOperationException($"issuance_plans has the serial '{row.GetString(0)}'"),
        Kind = row.GetString(1),
        Role = row.GetString(2),
        Purpose = row.GetString(3),
        Issuer = row.GetString(4),
        ReplicaId = row.GetString(5),
        CreatedAt = row.Time(6),
        Outcome = row.GetString(7),
        Tbs = row.OptionalBytes(8),
        TbsSha256 = row.Bytes(9),
        ClosedAt = row.OptionalTime(10),
    };
}

/// <summary>What was going to be signed, and how it ended.</summary>
internal sealed record IssuancePlan
{
    public const string Planned = "planned", Issued = "issued", NeverIssued = "never_issued";

    public required SerialNumber Serial { get; init; }

    public required string Kind { get; init; }

    public required string Role { get; init; }

    public required string Purpose { get; init; }

    /// <summary>The issuer's resource name.</summary>
    public required string Issuer { get; init; }

    public required string ReplicaId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended; null while it is open.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    public string Outcome { get; init; } = Planned;

    /// <summary>The exact bytes; null once the plan is closed.</summary>
    public byte[]? Tbs { get; init; }

    /// <summary>Their hash stays: it ties a signature to its plan after the bytes are gone.</summary>
    public required byte[] TbsSha256 { get; init; }
}

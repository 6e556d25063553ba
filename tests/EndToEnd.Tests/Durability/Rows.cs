using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>What the store has, read at one moment from outside of the control plane.</summary>
internal sealed class Rows
{
    public IReadOnlyDictionary<string, CertificateRow> Certificates { get; private init; } = new Dictionary<string, CertificateRow>();

    public IReadOnlyDictionary<string, PlanRow> Plans { get; private init; } = new Dictionary<string, PlanRow>();

    public IReadOnlyList<OrderRow> Orders { get; private init; } = [];

    /// <summary>Thumbprints of accounts' keys.</summary>
    public IReadOnlyDictionary<string, string> AccountKeys { get; private init; } = new Dictionary<string, string>();

    public IReadOnlyList<EventRow> Events { get; private init; } = [];

    public IReadOnlyList<ListRow> Lists { get; private init; } = [];

    public IReadOnlyList<ListState> ListStates { get; private init; } = [];

    public static Rows Read(string database)
    {
        using var connection = Open(database);
        // One snapshot for all of it.
        using var snapshot = connection.BeginTransaction(deferred: true);
        return new Rows
        {
            Certificates = Query(connection, "select serial, der, order_id, revoked_at is not null from certificates", r => new CertificateRow(r.GetString(0), (byte[])r[1], Text(r, 2), r.GetBoolean(3))).ToDictionary(c => c.Serial),
            Plans = Query(connection, "select serial, role, outcome, tbs_sha256 from issuance_plans", r => new PlanRow(r.GetString(0), r.GetString(1), r.GetString(2), Hex(r, 3))).ToDictionary(p => p.Serial),
            Orders = Query(connection, "select id, planned_serial, certificate_serial from orders", r => new OrderRow(r.GetString(0), Text(r, 1), Text(r, 2))),
            AccountKeys = Query(connection, "select id, key_thumbprint from accounts", r => (Id: r.GetString(0), Key: r.GetString(1))).ToDictionary(a => a.Id, a => a.Key),
            Events = Query(connection, "select canonical, sha256 from audit_events order by seq", r => EventRow.Of((byte[])r[0], (byte[])r[1])),
            Lists = Query(connection, "select issuer, number, outcome, tbs_sha256 from crls", r => new ListRow(r.GetString(0), r.GetInt64(1), r.GetString(2), Hex(r, 3))),
            ListStates = Query(connection, "select issuer, changes, covered, published_number from crl_state", r => new ListState(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3))),
        };
    }

    /// <summary>What SQLite itself says about the file.</summary>
    public static string CheckIntegrity(string database)
    {
        using var connection = Open(database);
        return string.Join("; ", Query(connection, "pragma integrity_check", r => r.GetString(0)).Concat(Query(connection, "pragma foreign_key_check", r => $"foreign key of {r.GetString(0)}")));
    }

    private static SqliteConnection Open(string database)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static List<T> Query<T>(SqliteConnection connection, string text, Func<SqliteDataReader, T> read)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static string Hex(SqliteDataReader row, int column) => Convert.ToHexStringLower((byte[])row[column]);
}

internal sealed record CertificateRow(string Serial, byte[] Der, string? Order, bool IsRevoked);

internal sealed record PlanRow(string Serial, string Role, string Outcome, string TbsSha256);

internal sealed record OrderRow(string Id, string? Planned, string? Certificate);

internal sealed record ListRow(string Issuer, long Number, string Outcome, string TbsSha256);

internal sealed record ListState(string Issuer, long Changes, long Covered, long Published);

/// <summary>An event of the audit.</summary>
internal sealed record EventRow(string Action, string Resource, IReadOnlyDictionary<string, string> Facts, bool IsIntact)
{
    public static EventRow Of(byte[] canonical, byte[] sha256)
    {
        using var json = JsonDocument.Parse(canonical);
        var root = json.RootElement;
        var facts = root.GetProperty("facts").EnumerateObject().ToDictionary(f => f.Name, f => f.Value.GetString()!, StringComparer.Ordinal);
        return new EventRow(root.GetProperty("action").GetString()!, root.GetProperty("resource").GetString()!, facts, SHA256.HashData(canonical).AsSpan().SequenceEqual(sha256));
    }
}

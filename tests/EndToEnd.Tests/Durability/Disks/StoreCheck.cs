using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>Reads the embedded store beside the running program, and says what is not as it must be.</summary>
internal sealed class StoreCheck : IDisposable
{
    private readonly SqliteConnection connection;

    public StoreCheck(string data)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(data, "grpcca.db"), Mode = SqliteOpenMode.ReadOnly, Pooling = false,
        }.ConnectionString);
        connection.Open();
    }

    /// <summary>The highest number of a published revocation list, by issuer.</summary>
    public IReadOnlyDictionary<string, long> ListNumbers => Rows("SELECT issuer, published_number FROM crl_state").ToDictionary(r => (string)r[0], r => (long)r[1], StringComparer.Ordinal);

    public long Certificates => (long)Rows("SELECT count(*) FROM certificates")[0][0];

    /// <summary>All that is wrong.</summary>
    /// <param name="notebook">What clients were told.</param>
    /// <param name="restarted">What was begun before is over.</param>
    public IReadOnlyList<string> FindFaults(Notebook notebook, DateTimeOffset restarted)
    {
        var before = restarted.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        return
        [
            .. notebook.Faults,
            .. Rows("PRAGMA integrity_check").Where(r => (string)r[0] != "ok").Select(r => $"integrity: {r[0]}"),
            .. Rows("PRAGMA foreign_key_check").Select(r => $"foreign key: {string.Join(' ', r)}"),
            .. Texts($"SELECT serial FROM issuance_plans WHERE outcome = 'planned' AND created_at < {before}").Select(s => $"plan {s} is open"),
            .. Texts("SELECT serial FROM certificates WHERE serial NOT IN (SELECT serial FROM issuance_plans WHERE outcome = 'issued')").Select(s => $"certificate {s} has no plan that was carried out"),
            .. Texts($"SELECT id FROM orders WHERE planned_serial IS NOT NULL AND certificate_serial IS NULL AND created_at < {before}").Select(s => $"order {s} hangs in processing"),
            .. Texts("SELECT id FROM orders WHERE certificate_serial IS NOT NULL AND certificate_serial NOT IN (SELECT serial FROM certificates)").Select(s => $"order {s} names a certificate that is not there"),
            .. FaultsOfAudit(),
            .. FaultsOfCertificates(notebook),
        ];
    }

    public void Dispose() => connection.Dispose();

    private IEnumerable<string> FaultsOfAudit()
    {
        var issued = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in Rows("SELECT seq, canonical, sha256 FROM audit_events"))
        {
            var canonical = (byte[])row[1];
            if (!SHA256.HashData(canonical).AsSpan().SequenceEqual((byte[])row[2])) yield return $"audit event {row[0]} is not what was hashed";
            var read = ControlPlane.Audit.AuditCanon.Read(canonical);
            if (read.Action == "certificate.issue" && !issued.Add(read.Resource)) yield return $"{read.Resource} was issued twice, says the audit";
        }
        foreach (var serial in Texts("SELECT serial FROM certificates WHERE order_id IS NOT NULL"))
            if (!issued.Contains($"certificates/{serial}")) yield return $"certificate {serial} is not in the audit";
    }

    private IEnumerable<string> FaultsOfCertificates(Notebook notebook)
    {
        var recorded = Rows("SELECT serial, der, revoked_at FROM certificates").ToDictionary(r => (string)r[0], StringComparer.Ordinal);
        foreach (var (serial, der) in notebook.Certificates)
        {
            if (!recorded.TryGetValue(serial, out var row)) yield return $"LOST: a client has certificate {serial}, the store has not";
            else if (!der.AsSpan().SequenceEqual((byte[])row[1])) yield return $"certificate {serial} of a client is another than that of the store";
        }
        foreach (var serial in notebook.Revoked)
            if (recorded.TryGetValue(serial, out var row) && row[2] is DBNull) yield return $"LOST: the revocation of {serial}";
    }

    private IEnumerable<string> Texts(string sql) => Rows(sql).Select(r => (string)r[0]);

    private List<object[]> Rows(string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this file, with a time of the test
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }
        return rows;
    }
}

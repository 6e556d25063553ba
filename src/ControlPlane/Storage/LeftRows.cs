using System.Diagnostics;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>What the statements of a transaction have left of rows that are kept in memory, in their order. Not safe for parallel use.</summary>
internal sealed class LeftRows
{
    private readonly List<LeftRow> rows = [];
    private readonly Dictionary<(string Table, string Id), object?> latest = [];
    private readonly HashSet<string> forgotten = new(StringComparer.Ordinal);

    public int Count => rows.Count;

    public IReadOnlyList<LeftRow> All => rows;

    public void Add(LeftRow row)
    {
        // Many statements in a row that say nothing about one table say it once.
        if (row.Id is null && rows.Count > 0 && rows[^1] == row) return;
        rows.Add(row);
        Note(row);
    }

    /// <summary>Takes back all but the first ones, whose statements were undone.</summary>
    public void Cut(int count)
    {
        if (count == rows.Count) return;
        rows.RemoveRange(count, rows.Count - count);
        latest.Clear();
        forgotten.Clear();
        foreach (var row in rows) Note(row);
    }

    /// <summary>Whether the transaction has changed this row, or may have; the row is null when it has to be read.</summary>
    public bool TryFind(string table, string id, out object? row) => latest.TryGetValue((table, id), out row) || forgotten.Contains(table);

    private void Note(LeftRow row)
    {
        if (row.Id is not null)
        {
            latest[(row.Table, row.Id)] = row.Value;
            return;
        }
        forgotten.Add(row.Table);
        foreach (var key in latest.Keys.Where(key => key.Table == row.Table).ToList()) latest.Remove(key);
    }
}

/// <summary>What a statement left of a row.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Id">Its key; null when nothing is known of any row of the table.</param>
/// <param name="Value">The row as it would be read; null when it has to be.</param>
[DebuggerDisplay("{Table}/{Id}")]
internal readonly record struct LeftRow(string Table, string? Id, object? Value);

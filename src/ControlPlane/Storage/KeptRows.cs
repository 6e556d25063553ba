using System.Collections.Concurrent;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// Rows as the last commit left them, in memory, of a store that nobody else writes to: an issuance reads seven, each of which it wrote
/// within the second, and every commit makes the readers of the embedded engine read their pages anew. A statement that changes
/// one of <see cref="Tables"/> either tells the row that it leaves (<see cref="StoreStatement.Leaving"/>) or makes all of that table
/// forgotten, so that a writer who says nothing costs a read and no truth. One thread takes commits over; reading is safe beside it.
/// Between a commit and its taking over the database is ahead of the memory, for a moment in which nobody has been told of the commit.
/// </summary>
internal sealed class KeptRows
{
    public const string Authorizations = "authorizations", Orders = "orders", Certificates = "certificates";

    /// <summary>The tables whose rows may be kept. Nothing but statements changes them: no trigger, no cascade.</summary>
    public static readonly IReadOnlyList<string> Tables = [Authorizations, Orders, Certificates];

    // Of each table the last rows written, at least half as many as this and at most as many; a large row is read each time.
    private const int Most = 1024;
    private const int Largest = 4096;

    private readonly Dictionary<string, Shelf> shelves = Tables.ToDictionary(table => table, _ => new Shelf(), StringComparer.Ordinal);

    // Odd while a commit is being taken over.
    private long moment;

    /// <summary>When it is: to be asked before several rows are looked for, which belong together when it <see cref="IsStill"/> then.</summary>
    public long Moment => Volatile.Read(ref moment);

    /// <summary>Whether nothing was committed since that moment.</summary>
    public bool IsStill(long then)
    {
        // What was read before is not read after this.
        Interlocked.MemoryBarrier();
        return then % 2 == 0 && Volatile.Read(ref moment) == then;
    }

    /// <summary>The row with this key; null when it is not kept, which does not say that there is none.</summary>
    public T? Find<T>(string table, string id)
        where T : class => shelves[table].Find(id) as T;

    /// <summary>Takes over what a commit left, in the order of its statements.</summary>
    public void Committed(LeftRows left)
    {
        if (left.Count == 0) return;
        Interlocked.Increment(ref moment);
        foreach (var row in left.All)
        {
            if (row.Id is null) shelves[row.Table].Clear();
            else shelves[row.Table].Put(row.Id, row.Value);
        }
        Interlocked.Increment(ref moment);
    }

    /// <summary>Has a row read anew that turned out to be another than the one in memory. By the thread that takes commits over.</summary>
    public void Forget(string table, string id) => shelves[table].Put(id, null);

    /// <summary>The tables of these whose rows a statement may change, going by its text.</summary>
    public static IReadOnlyList<string> ChangedBy(string text)
    {
        var verb = text.AsSpan().TrimStart();
        return verb.StartsWith("select", StringComparison.OrdinalIgnoreCase)
            ? []
            : [.. Tables.Where(table => text.Contains(table, StringComparison.OrdinalIgnoreCase))];
    }

    /// <summary>Whether a row of about this many bytes is kept.</summary>
    public static bool IsKept(int size) => size <= Largest;

    // Two halves: the newer is filled, and when it is full the older one is dropped, so that what was written lately is always there.
    private sealed class Shelf
    {
        private Half newer = new(), older = new();

        public object? Find(string id)
        {
            // In this order: a row moves from the newer to the older half only.
            if (Volatile.Read(ref newer).Rows.TryGetValue(id, out var row)) return row;
            return Volatile.Read(ref older).Rows.TryGetValue(id, out row) ? row : null;
        }

        public void Put(string id, object? row)
        {
            // A row that is not kept any more hides the older one until both are dropped.
            var half = newer;
            if (half.Rows.TryAdd(id, row)) half.Count++;
            else half.Rows[id] = row;
            if (half.Count < Most / 2) return;
            Volatile.Write(ref older, half);
            Volatile.Write(ref newer, new Half());
        }

        public void Clear()
        {
            Volatile.Write(ref older, new Half());
            Volatile.Write(ref newer, new Half());
        }
    }

    private sealed class Half
    {
        public ConcurrentDictionary<string, object?> Rows { get; } = new(StringComparer.Ordinal);

        public int Count { get; set; } // the dictionary's own takes all its locks
    }
}

namespace GrpcCa.ControlPlane.Storage;

/// <summary>The engines.</summary>
internal enum StoreProvider
{
    Sqlite = 1,
    Postgresql,
}

/// <summary>Where the store is and how much it may take; every limit has its default beside it.</summary>
internal sealed record StoreOptions
{
    /// <summary>The engine. SQLite by default.</summary>
    public StoreProvider Provider { get; init; } = StoreProvider.Sqlite;

    /// <summary>
    /// The name of this process among those that share a database (<c>Replica:Id</c>): a second one of the same name is not let in,
    /// with SQLite no second one at all. Empty, the default here: nobody is kept out.
    /// </summary>
    public string Replica { get; init; } = "";

    /// <summary>SQLite: the database file, in a directory that is its owner's alone. Required there.</summary>
    public string Path { get; init; } = "";

    /// <summary>PostgreSQL: a file with the connection string as key=value pairs, readable by its owner alone. Required there.</summary>
    public string ConnectionFile { get; init; } = "";

    /// <summary>SQLite: writes that may wait for the writer; whoever brings one more waits itself. 1,024.</summary>
    public int QueuedWrites { get; init; } = 1024;

    /// <summary>SQLite: writes committed with one sync, at most; nobody waits for a group to fill. 64.</summary>
    public int GroupedWrites { get; init; } = 64;

    /// <summary>Reads that run at a time; further ones wait. 4.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>How long to wait for another process: SQLite, one that writes; PostgreSQL, one that has the name of this replica. 5 s.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>SQLite: page cache of the writer, in KiB; each reader has a quarter. Each commit looks all of it through once a page has been split, so that more is not quicker. 4,096.</summary>
    public int CacheKib { get; init; } = 4096;

    /// <summary>SQLite: pages written to the log before they are copied into the database. 1,000, about 4 MB.</summary>
    public int CheckpointPages { get; init; } = 1000;

    /// <summary>SQLite: size at which readers are asked to wait so that the log can start anew, in pages. 16,000, about 64 MB.</summary>
    public int LogPages { get; init; } = 16_000;

    /// <summary>
    /// SQLite: MiB beside the database that are given up for revocations and revocation lists when the disk is full, and set
    /// aside anew when there is space; until then everything else is refused. 0 keeps none. 16.
    /// </summary>
    public int ReserveMib { get; init; } = 16;

    /// <summary>PostgreSQL: writes that run at a time; further ones wait. 8.</summary>
    public int Writers { get; init; } = 8;

    /// <summary>PostgreSQL: how often a write is tried when others get in its way (40001, 40P01). 20.</summary>
    public int Attempts { get; init; } = 20;

    /// <summary>PostgreSQL: the longest pause between two attempts; pauses double from 1 ms and are jittered. 100 ms.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Rows a sweep deletes in one write, at most. 200.</summary>
    public int SweepBatch { get; init; } = 200;

    /// <summary>How long a write of a sweep should take: after a longer one the next is half as large, until they are quick again. 25 ms.</summary>
    public TimeSpan SweepTime { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Pages given back to the file system in one write after a sweep batch, at most. 100.</summary>
    public int ReclaimPages { get; init; } = 100;
}

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>
/// The generation, kept in memory while nobody but this process can write: every call asks for it. The writer makes it be
/// forgotten after a commit that may have raised it, before any answer, so that no call is older than an answer. Safe for parallel use.
/// </summary>
internal sealed class KeptGeneration
{
    private const long Unknown = -1;

    private readonly Lock gate = new();
    private long number = Unknown;
    private long forgotten;

    /// <summary>How often it was forgotten: to be looked at before the number is read from the database.</summary>
    public long Forgotten => Volatile.Read(ref forgotten);

    public bool TryGet(out long kept) => (kept = Volatile.Read(ref number)) != Unknown;

    public void Forget()
    {
        lock (gate)
        {
            forgotten++;
            Volatile.Write(ref number, Unknown);
        }
    }

    /// <summary>Keeps what was read, unless it was forgotten since then: it may be from before.</summary>
    public void Keep(long read, long since)
    {
        lock (gate)
        {
            if (forgotten == since) Volatile.Write(ref number, read);
        }
    }
}

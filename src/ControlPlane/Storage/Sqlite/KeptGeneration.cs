namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>
/// The generation, kept in memory while nobody but this process can write: every call asks for it. The writer tells it what each
/// commit left, before any answer, so that no call is older than an answer. Safe for parallel use.
/// </summary>
internal sealed class KeptGeneration
{
    private readonly Lock gate = new();
    private Generation? current;
    private long changes;

    /// <summary>How often it changed: to be looked at before the generation is read from the database.</summary>
    public long Changes => Volatile.Read(ref changes);

    /// <summary>Null when it has to be read from the database.</summary>
    public Generation? Current => Volatile.Read(ref current);

    /// <summary>A commit left these numbers.</summary>
    public void Committed(long configuration, long accounts)
    {
        if (Current is { } same && same.Configuration == configuration && same.Accounts == accounts) return;
        Change(new Generation(configuration, accounts));
    }

    /// <summary>A commit failed, and is nobody's to guess about.</summary>
    public void Forget() => Change(null);

    /// <summary>Keeps what was read, unless it changed since then: it may be from before.</summary>
    public void Keep(Generation read, long since)
    {
        lock (gate)
        {
            if (changes == since) Volatile.Write(ref current, read);
        }
    }

    private void Change(Generation? next)
    {
        lock (gate)
        {
            changes++;
            Volatile.Write(ref current, next);
        }
    }
}

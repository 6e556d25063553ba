namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>
/// What clients and operators were told, outside of the control plane: whatever happens to it, this must be so. What they asked
/// for and heard nothing about may be so or not, but nothing in between.
/// </summary>
internal sealed class Ledger
{
    private readonly Lock turn = new();
    private readonly Dictionary<string, Download> downloads = new(StringComparer.Ordinal);
    private readonly HashSet<string> revoked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Promise> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Promise> provisioners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly List<string> faults = [];
    private int answers, unanswered;

    public IReadOnlyDictionary<string, Download> Downloads => Locked(() => new Dictionary<string, Download>(downloads, StringComparer.Ordinal));

    /// <summary>Serial numbers whose revocation was acknowledged.</summary>
    public IReadOnlyCollection<string> Revoked => Locked(() => revoked.ToHashSet(StringComparer.Ordinal));

    /// <summary>Thumbprints of accounts' keys, by account id.</summary>
    public IReadOnlyDictionary<string, Promise> Keys => Locked(() => new Dictionary<string, Promise>(keys, StringComparer.Ordinal));

    /// <summary>What provisioners say, by id; null for one that is not there.</summary>
    public IReadOnlyDictionary<string, Promise> Provisioners => Locked(() => new Dictionary<string, Promise>(provisioners, StringComparer.Ordinal));

    /// <summary>What went wrong for a client.</summary>
    public IReadOnlyList<string> Faults => Locked(() => faults.ToList());

    public void Downloaded(string serial, Download download)
    {
        lock (turn)
        {
            if (!downloads.TryAdd(serial, download)) faults.Add($"serial {serial} was downloaded for {download.Order} and for {downloads[serial].Order}");
        }
    }

    public void WasRevoked(string serial)
    {
        lock (turn) revoked.Add(serial);
    }

    /// <summary>An account's key is to become another; the answer is out.</summary>
    public void KeyPromise(string account, Promise promise)
    {
        lock (turn) keys[account] = promise;
    }

    public void ProvisionerPromise(string id, Promise promise)
    {
        lock (turn) provisioners[id] = promise;
    }

    public void Fault(string what)
    {
        lock (turn) faults.Add(what);
    }

    public void Answer() => Interlocked.Increment(ref answers);

    public void NoAnswer() => Interlocked.Increment(ref unanswered);

    /// <summary>How many requests were answered.</summary>
    public int Answers => Volatile.Read(ref answers);

    /// <summary>How many were not, so that whoever asked did not know what became of it.</summary>
    public int Unanswered => Volatile.Read(ref unanswered);

    public void Count(string what)
    {
        lock (turn) counts[what] = counts.GetValueOrDefault(what) + 1;
    }

    public int CountOf(string what) => Locked(() => counts.GetValueOrDefault(what));

    private T Locked<T>(Func<T> read)
    {
        lock (turn) return read();
    }
}

/// <summary>A certificate that a client has.</summary>
internal sealed record Download(byte[] Der, string Order, string Account);

/// <summary>A value that was acknowledged, and one that was asked for and not answered yet.</summary>
internal sealed record Promise(string? Acknowledged)
{
    public bool IsAsked { get; init; }

    public string? Asked { get; init; }

    /// <summary>Wholly the one or wholly the other.</summary>
    public bool AllowsFor(string? seen) => seen == Acknowledged || (IsAsked && seen == Asked);

    public Promise Ask(string? next) => this with { IsAsked = true, Asked = next };
}

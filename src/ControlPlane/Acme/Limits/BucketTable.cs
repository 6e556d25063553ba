namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>
/// The buckets of one limit, at most so many. A bucket is one number, the moment at which it is full again: tokens
/// flow back evenly, so that says how many are in it. Full buckets need no row. Not safe for parallel use.
/// </summary>
internal sealed class BucketTable(int most)
{
    // Work that one request does for others: enough to keep up, too little to be felt.
    private const int SweptAtOnce = 16;

    private readonly Dictionary<BucketKey, long> fullAt = [];

    // Exactly one entry for each bucket. It may be older than the bucket; it is brought up to date when its turn comes.
    private readonly PriorityQueue<BucketKey, long> fullFirst = new();

    public int Count => fullAt.Count;

    /// <summary>When the bucket is full again, in ticks; a moment of the past for one that is.</summary>
    public long FullAt(BucketKey key) => fullAt.GetValueOrDefault(key);

    public void Set(BucketKey key, long ticks, long now)
    {
        Sweep(now);
        if (fullAt.ContainsKey(key))
        {
            fullAt[key] = ticks;
            return;
        }
        if (ticks <= now) return;
        if (fullAt.Count == most) ForgetFullest();
        fullAt.Add(key, ticks);
        fullFirst.Enqueue(key, ticks);
    }

    private void Sweep(long now)
    {
        for (var i = 0; i < SweptAtOnce && fullFirst.TryPeek(out _, out var due) && due <= now; i++)
        {
            var key = fullFirst.Dequeue();
            if (fullAt[key] <= now) fullAt.Remove(key);
            else fullFirst.Enqueue(key, fullAt[key]);
        }
    }

    // The fullest says least: who fills the table with buckets of one request each pushes those out, never an empty one.
    private void ForgetFullest()
    {
        while (true)
        {
            fullFirst.TryDequeue(out var key, out var due);
            if (fullAt[key] <= due)
            {
                fullAt.Remove(key);
                return;
            }
            fullFirst.Enqueue(key, fullAt[key]);
        }
    }
}

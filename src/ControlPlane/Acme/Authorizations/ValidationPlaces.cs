using GrpcCa.ControlPlane.Acme.Challenges;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>
/// The places for attempts that run at once, so many in all and so many for each account. Accounts that wait are served
/// in turn: one with ten thousand slow names delays another by one attempt, not by ten thousand.
/// </summary>
internal sealed class ValidationPlaces(int places, int perAccount)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Line> lines = new(StringComparer.Ordinal);
    private readonly Queue<Line> turns = new();
    private int free = places;

    /// <summary>A place of an account's; for one validation at a time.</summary>
    public IAttemptPlace Of(string accountId) => new Place(this, accountId);

    private async Task EnterAsync(string accountId, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (!lines.TryGetValue(accountId, out var line)) lines[accountId] = line = new Line(accountId);
            line.Waiting.Enqueue(waiter);
            Enlist(line);
            Serve();
        }
        await using var registration = cancellationToken.Register(() => waiter.TrySetCanceled(cancellationToken));
        await waiter.Task;
    }

    private void Leave(string accountId)
    {
        lock (gate)
        {
            var line = lines[accountId];
            line.Running--;
            free++;
            Enlist(line);
            if (line is { Running: 0, Waiting.Count: 0 }) lines.Remove(accountId);
            Serve();
        }
    }

    private void Enlist(Line line)
    {
        if (line.HasTurn || line.Waiting.Count == 0 || line.Running >= perAccount) return;
        line.HasTurn = true;
        turns.Enqueue(line);
    }

    private void Serve()
    {
        while (free > 0 && turns.TryDequeue(out var line))
        {
            line.HasTurn = false;
            // Who gave up waiting takes no place.
            while (line.Waiting.TryDequeue(out var waiter))
            {
                if (!waiter.TrySetResult()) continue;
                line.Running++;
                free--;
                break;
            }
            Enlist(line);
            if (line is { Running: 0, Waiting.Count: 0 }) lines.Remove(line.AccountId);
        }
    }

    private sealed class Line(string accountId)
    {
        public string AccountId => accountId;

        public Queue<TaskCompletionSource> Waiting { get; } = new();

        public int Running { get; set; }

        public bool HasTurn { get; set; }
    }

    private sealed class Place(ValidationPlaces all, string accountId) : IAttemptPlace
    {
        public Task EnterAsync(CancellationToken cancellationToken) => all.EnterAsync(accountId, cancellationToken);

        public void Leave() => all.Leave(accountId);
    }
}

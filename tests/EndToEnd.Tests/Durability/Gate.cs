namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>
/// What every request of a drill passes: closed while the control plane is away and while what it left is judged, so that
/// nobody changes what is looked at. Clients do not hammer at a door that is known to be shut.
/// </summary>
internal sealed class Gate
{
    private readonly Lock turn = new();
    private TaskCompletionSource? closed;
    private TaskCompletionSource? emptied;
    private int inside;
    private bool abandoned;

    /// <summary>Waits until it is open; disposing of the result leaves.</summary>
    public async ValueTask<IDisposable> EnterAsync()
    {
        while (true)
        {
            Task wait;
            lock (turn)
            {
                ObjectDisposedException.ThrowIf(abandoned, this);
                if (closed is null)
                {
                    inside++;
                    return new Pass(this);
                }
                wait = closed.Task;
            }
            await wait;
        }
    }

    /// <summary>Lets nobody in any more.</summary>
    public void Close()
    {
        lock (turn) closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Open()
    {
        TaskCompletionSource? was;
        lock (turn) (was, closed) = (closed, null);
        was?.SetResult();
    }

    /// <summary>Nothing is asked any more: a drill that failed ends at once.</summary>
    public void Abandon()
    {
        lock (turn) abandoned = true;
        Open();
    }

    /// <summary>Waits until the last one who was inside has left.</summary>
    public Task UntilEmptyAsync(TimeSpan bound)
    {
        lock (turn)
        {
            if (inside == 0) return Task.CompletedTask;
            emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return emptied.Task.WaitAsync(bound);
        }
    }

    private void Leave()
    {
        TaskCompletionSource? was = null;
        lock (turn)
        {
            if (--inside == 0) (was, emptied) = (emptied, null);
        }
        was?.SetResult();
    }

    private sealed class Pass(Gate gate) : IDisposable
    {
        public void Dispose() => gate.Leave();
    }
}

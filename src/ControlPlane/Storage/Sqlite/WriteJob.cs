namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>A write on its way through the writer: it waits, runs (perhaps more than once), and is answered after the commit.</summary>
internal abstract class WriteJob
{
    /// <summary>Whether it may take the reserve.</summary>
    public abstract Urgency Urgency { get; }

    /// <summary>Whether the caller gave up before the write began; it has been told.</summary>
    public abstract bool GivenUp();

    /// <summary>Runs the function once and keeps its result.</summary>
    public abstract void Run(StoreSession session);

    /// <summary>Keeps the function's own exception, which counts like a result: it is told after the commit.</summary>
    public abstract void Refuse(Exception own);

    /// <summary>Tells the caller what the last run came to. The commit is durable.</summary>
    public abstract void Answer();

    /// <summary>Tells the caller that nothing of this was written.</summary>
    public abstract void Fail(Exception cause);
}

/// <inheritdoc/>
internal sealed class WriteJob<T>(Func<StoreSession, ValueTask<T>> write, Urgency urgency, CancellationToken cancellationToken) : WriteJob
{
    private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;
    private Exception? refusal;

    public Task<T> Task => answer.Task;

    public override Urgency Urgency => urgency;

    public override bool GivenUp() => cancellationToken.IsCancellationRequested && answer.TrySetCanceled(cancellationToken);

    public override void Run(StoreSession session)
    {
        refusal = null;
        var running = session.RunAsync(write);
        // SQLite answers at once, so this blocks only if the function waits for something that is not its session's.
        result = running.IsCompleted ? running.GetAwaiter().GetResult() : running.AsTask().GetAwaiter().GetResult();
    }

    public override void Refuse(Exception own) => refusal = own;

    public override void Answer()
    {
        if (refusal is null) answer.TrySetResult(result!);
        else answer.TrySetException(refusal);
    }

    public override void Fail(Exception cause) => answer.TrySetException(cause);
}

using System.Threading.Channels;

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>
/// The one who writes: a thread of its own takes whatever waits, up to a group, runs it as one transaction in which a write
/// that fails undoes only itself, commits all with one sync and only then answers. Callers never wait on the disk with a
/// thread of theirs.
/// </summary>
internal sealed class SqliteWriter
{
    private const int GuardedAfterFailure = 32;

    private readonly SqliteLink link;
    private readonly StoreOptions options;
    private readonly SqliteReserve reserve;
    private readonly KeptGeneration generation;
    private readonly KeptRows? rows;
    private readonly ILogger log;
    private readonly Channel<WriteJob> queue;
    private readonly Thread thread;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception> fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (long Configuration, long Accounts)? raised;
    private int pagesWritten, guardedGroups;
    private bool unavailable, isCommitted;
    private volatile bool copiesLog;

    public SqliteWriter(SqliteLink link, StoreOptions options, SqliteReserve reserve, KeptGeneration generation, KeptRows? rows, ILogger log)
    {
        this.link = link;
        this.options = options;
        this.reserve = reserve;
        this.generation = generation;
        this.rows = rows;
        this.log = log;
        queue = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(options.QueuedWrites)
        {
            SingleReader = true,
            // A caller wakes the thread itself; a detour over the pool costs more than the write.
            AllowSynchronousContinuations = true,
        });
        thread = new Thread(Serve) { IsBackground = true, Name = "store writer" };
        thread.Start();
    }

    /// <summary>Whether the log must not be left to the next start, which will not find it.</summary>
    public bool CopiesLog => copiesLog;

    /// <summary>Completes with the cause when the store cannot go on.</summary>
    public Task<Exception> Fatal => fatal.Task;

    /// <summary>Whether the caller runs inside a write.</summary>
    public bool IsCurrentThread => Thread.CurrentThread == thread;

    public Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, Urgency urgency, CancellationToken cancellationToken)
    {
        if (IsCurrentThread) throw new InvalidOperationException("a write may not call the store: it would wait for itself");
        var job = new WriteJob<T>(write, urgency, cancellationToken);
        return queue.Writer.TryWrite(job) ? job.Task : WaitForRoomAsync(job, cancellationToken);
    }

    /// <summary>Takes no more, finishes what waits, and ends the thread.</summary>
    public Task StopAsync()
    {
        queue.Writer.TryComplete();
        return ended.Task;
    }

    /// <summary>Stops for good: the disk and what is in memory may differ.</summary>
    public void Die(Exception cause)
    {
        if (!fatal.TrySetResult(cause)) return;
        StoreLog.Fatal(log, cause.Message);
        queue.Writer.TryComplete();
    }

    /// <summary>What callers hear once nothing is taken any more.</summary>
    public StoreUnavailableException Stopped() => fatal.Task.IsCompletedSuccessfully
        ? new StoreUnavailableException($"the store has stopped: {fatal.Task.Result.Message}", fatal.Task.Result)
        : new StoreUnavailableException("the store is closed");

    private async Task<T> WaitForRoomAsync<T>(WriteJob<T> job, CancellationToken cancellationToken)
    {
        try
        {
            await queue.Writer.WriteAsync(job, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw Stopped();
        }
        return await job.Task;
    }

    private void Serve()
    {
        var group = new List<WriteJob>(options.GroupedWrites);
        try
        {
            while (AwaitWork())
            {
                group.Clear();
                while (group.Count < options.GroupedWrites && queue.Reader.TryRead(out var job))
                    if (!job.GivenUp()) group.Add(job);
                if (group.Count == 0) continue;
                Commit(group);
                // Pages that were given back leave the file when the log is copied, and on a full disk they are waited for.
                Checkpoint(atOnce: reserve.IsSpent && group.Exists(job => job.Urgency == Urgency.Freeing));
            }
        }
        catch (Exception fault)
        {
            Die(fault);
            foreach (var job in group) job.Fail(Stopped());
            while (queue.Reader.TryRead(out var job)) job.Fail(Stopped());
        }
        ended.TrySetResult();
    }

    private bool AwaitWork()
    {
        var waiting = queue.Reader.WaitToReadAsync();
        return waiting.IsCompleted ? waiting.GetAwaiter().GetResult() : waiting.AsTask().GetAwaiter().GetResult();
    }

    private void Commit(List<WriteJob> group)
    {
        if (fatal.Task.IsCompleted)
        {
            foreach (var job in group) job.Fail(Stopped());
            return;
        }
        if (reserve.IsSpent && !reserve.TryRenew())
        {
            group = RefuseOrdinary(group);
            if (group.Count == 0) return;
        }
        try
        {
            Begin();
            if (group.Count == 1) RunAlone(group[0]);
            else RunTogether(group);
        }
        catch (Exception fault)
        {
            generation.Forget();
            Undo(group, fault);
            return;
        }
        // Outside of what undoes a group: it is written, and if this fails, nobody can be told what is.
        if (isCommitted) Publish();
        // What was synced into a file that nobody will find again is not durable.
        if (link.Missing() is { } missing)
        {
            Abandon(missing);
            foreach (var job in group) job.Fail(Stopped());
            return;
        }
        pagesWritten += link.TakePagesWritten();
        foreach (var job in group) job.Answer();
        if (!group.Exists(job => job.Urgency == Urgency.Ordinary)) return;
        reserve.Keep();
        if (!unavailable) return;
        unavailable = false;
        StoreLog.Recovered(log);
    }

    // The log is still open, so that the database can take over what was acknowledged; a database that is gone has its log beside its place.
    private void Abandon(MissingFile missing)
    {
        copiesLog = missing.IsLog && !link.TryEmpty();
        Die(new IOException(missing.IsLog
            ? $"'{missing.Path}', the database's log, was removed or replaced while it was in use: what is written now would not be found at the next start; what was written before is in the database"
            : $"'{missing.Path}' was removed or replaced while it was in use: what is written now would not be found at the next start. Put it back, its log beside it; or, to go on with another file, first remove '{missing.Path}-wal' and '{missing.Path}-shm', which belong to the old one"));
    }

    private void Begin()
    {
        link.BeginImmediate();
        link.Session.Left.Cut(0);
        isCommitted = false;
    }

    // Without company no savepoint is needed: the transaction is one.
    private void RunAlone(WriteJob job)
    {
        try
        {
            job.Run(link.Session);
        }
        catch (Exception own) when (SqliteFault.Classify(own) == FaultClass.Ordinary && link.InTransaction)
        {
            link.Rollback();
            job.Refuse(own);
            return;
        }
        CommitNow();
    }

    // Savepoints copy every page that is touched, and few groups have one who fails: so a group runs without them first. One who
    // fails undoes it, and it runs again with them, as do those that come next, since failures come in swarms.
    private void RunTogether(List<WriteJob> group)
    {
        if (guardedGroups == 0 && !TryRunAll(group))
        {
            link.Rollback();
            Begin();
            guardedGroups = 1 + GuardedAfterFailure;
        }
        if (guardedGroups > 0)
        {
            guardedGroups--;
            RunGuarded(group);
        }
        CommitNow();
    }

    private bool TryRunAll(List<WriteJob> group)
    {
        try
        {
            foreach (var job in group) job.Run(link.Session);
            return true;
        }
        catch (Exception own) when (SqliteFault.Classify(own) == FaultClass.Ordinary && link.InTransaction)
        {
            return false;
        }
    }

    private void RunGuarded(List<WriteJob> group)
    {
        foreach (var job in group)
        {
            link.Savepoint();
            var left = link.Session.Left.Count;
            try
            {
                job.Run(link.Session);
                link.Release();
            }
            catch (Exception own) when (SqliteFault.Classify(own) == FaultClass.Ordinary && link.InTransaction)
            {
                link.RollbackToSavepoint();
                link.Session.Left.Cut(left);
                job.Refuse(own);
            }
        }
    }

    // Asked of the database each time, since nobody who writes can forget to say what it raised then.
    private void CommitNow()
    {
        raised = link.ReadGeneration();
        link.Commit();
        isCommitted = true;
    }

    // The answers come after it: who has one sees what it did.
    private void Publish()
    {
        rows?.Committed(link.Session.Left);
        if (raised is var (configuration, accounts)) generation.Committed(configuration, accounts);
        else generation.Forget();
    }

    // The reserve was given up for urgent acts, and what it left is theirs, and that of who makes room.
    private static List<WriteJob> RefuseOrdinary(List<WriteJob> group)
    {
        foreach (var job in group.Where(job => job.Urgency == Urgency.Ordinary))
            job.Fail(new StoreUnavailableException("the store cannot write for now: the disk is full, and what room is left is kept for revocations"));
        return group.FindAll(job => job.Urgency != Urgency.Ordinary);
    }

    // The group is lost as a whole. Who is told what depends on why.
    private void Undo(List<WriteJob> group, Exception fault)
    {
        var noSpace = SqliteFault.IsNoSpace(fault, link.SystemError());
        if (link.InTransaction) link.Rollback();
        switch (noSpace ? FaultClass.Passing : SqliteFault.Classify(fault))
        {
            case FaultClass.Fatal:
                Die(fault);
                foreach (var job in group) job.Fail(Stopped());
                break;
            case FaultClass.Passing:
                if (!unavailable) StoreLog.Unavailable(log, group.Count, fault.Message);
                unavailable = true;
                foreach (var job in group)
                {
                    // Alone it may fit in what is left; if it does not, the reserve makes room.
                    if (noSpace && job.Urgency == Urgency.Urgent && (group.Count > 1 || reserve.TrySpend())) Commit([job]);
                    else job.Fail(new StoreUnavailableException($"the store cannot write for now: {fault.Message}", fault));
                }
                break;
            case FaultClass.Ordinary when group.Count == 1:
                group[0].Fail(fault);
                break;
            default:
                // One of them spoils the commit of all (writes may run again, so each is tried alone).
                StoreLog.GroupSplit(log, group.Count, fault.Message);
                foreach (var job in group) Commit([job]);
                break;
        }
    }

    // SQLite's own checkpoint after a commit hides its errors, a failed sync of the database among them; so it is off
    // and this does its work, after the callers have their answers.
    private void Checkpoint(bool atOnce)
    {
        if ((pagesWritten < options.CheckpointPages && !atOnce) || fatal.Task.IsCompleted) return;
        pagesWritten = 0;
        try
        {
            var pages = link.Checkpoint(restart: false);
            // A reader that is always there keeps the log from starting anew: past the limit, new readers wait a moment.
            if (pages > options.LogPages) link.Checkpoint(restart: true);
        }
        catch (Exception fault) when (SqliteFault.Classify(fault) == FaultClass.Passing || SqliteFault.IsNoSpace(fault, link.SystemError()))
        {
            StoreLog.CheckpointDelayed(log, fault.Message);
        }
    }
}

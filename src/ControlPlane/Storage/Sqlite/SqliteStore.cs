using System.Threading.Channels;
using GrpcCa.Host;
using Microsoft.Data.Sqlite;

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>The embedded engine: one file, one writer, a few readers.</summary>
internal sealed class SqliteStore : IStore
{
    private static readonly TimeSpan AnotherTry = TimeSpan.FromMilliseconds(20);

    private readonly SqliteLink writing;
    private readonly SqliteWriter writer;
    private readonly Channel<SqliteLink> readers;
    private readonly List<SqliteLink> links;
    private readonly IDisposable? turn;
    private readonly KeptGeneration generation = new();
    private readonly KeptRows? rows;
    private volatile bool isClosed;

    private SqliteStore(SqliteLink writing, List<SqliteLink> links, IDisposable? turn, KeptRows? kept, StoreOptions options, SqliteReserve reserve, ILogger log)
    {
        rows = kept;
        this.writing = writing;
        this.links = links;
        this.turn = turn;
        readers = Channel.CreateBounded<SqliteLink>(links.Count);
        foreach (var link in links) readers.Writer.TryWrite(link);
        writer = new SqliteWriter(writing, options, reserve, generation, kept, log);
    }

    public Task<Exception> Fatal => writer.Fatal;

    /// <summary>While this process has its turn at the file: then nobody else writes to it.</summary>
    public KeptRows? Kept => isClosed || writer.IsCurrentThread || writer.Fatal.IsCompleted ? null : rows;

    public static async Task<SqliteStore> OpenAsync(StoreOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        var log = logs.CreateLogger("GrpcCa.Storage");
        SqliteFile.Prepare(options.Path);
        var taken = options.Replica.Length > 0 ? SqliteFile.TakeTurn(options.Path) : null;
        var kept = taken is null ? null : new KeptRows();
        var opened = new List<SqliteLink>();
        try
        {
            SqliteLink? link = null;
            if (!await TryUntilFreeAsync(() => (link = WithReserve(() => SqliteLink.TryOpen(options, kept), () => 0, options, log)) is not null, options, time, cancellationToken))
                throw InUse(options, "it cannot be set up");
            var first = link!;
            opened.Add(first);
            // After a sync that failed, the log that is read here may be in memory alone, and what is added behind it would be
            // lost with it. Copied into the database it is written and synced anew, and the log begins again.
            if (!await TryUntilFreeAsync(() => WithReserve(first.TryEmpty, first.SystemError, options, log), options, time, cancellationToken))
                throw InUse(options, "its log cannot be copied into it");
            var version = await UpgradeAsync(first, options.Path, time, log);
            cancellationToken.ThrowIfCancellationRequested();
            for (var i = 0; i < options.Readers; i++) opened.Add(SqliteLink.Open(options, forWriting: false));
            StoreLog.Opened(log, options.Path, version);
            return new SqliteStore(first, opened[1..], taken, kept, options, SqliteReserve.Open(options, time, log), log);
        }
        catch (Exception fault)
        {
            foreach (var link in opened) link.Dispose();
            taken?.Dispose();
            if (SqliteFault.Classify(fault) == FaultClass.Ordinary) throw;
            throw new StoreSchemaException($"the store '{options.Path}' cannot be opened: {fault.Message}", fault);
        }
    }

    public ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => ReadAsync(read, isOne: false, cancellationToken);

    public ValueTask<T> ReadOneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => ReadAsync(read, isOne: true, cancellationToken);

    /// <summary>From memory while this process has its turn at the file: then nobody else writes to it.</summary>
    public async ValueTask<Generation> ReadGenerationAsync(CancellationToken cancellationToken)
    {
        if (turn is not null && !writer.IsCurrentThread && !writer.Fatal.IsCompleted && generation.Current is { } kept) return kept;
        var since = generation.Changes;
        var read = await ReadOneAsync(Generation.ReadAsync, cancellationToken);
        generation.Keep(read, since);
        return read;
    }

    private async ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, bool isOne, CancellationToken cancellationToken)
    {
        if (writer.IsCurrentThread) throw new InvalidOperationException("a write may not call the store: it reads with its own session");
        if (writer.Fatal.IsCompleted) throw writer.Stopped();
        cancellationToken.ThrowIfCancellationRequested();
        if (!readers.Reader.TryRead(out var link)) link = await AwaitReaderAsync(cancellationToken);
        try
        {
            link.Session.Begin(isOne);
            if (!isOne) link.Begin();
            return await read(link.Session);
        }
        catch (Exception fault) when (SqliteFault.Classify(fault) != FaultClass.Ordinary)
        {
            if (SqliteFault.Classify(fault) == FaultClass.Fatal) writer.Die(fault);
            throw new StoreUnavailableException($"the store cannot be read: {fault.Message}", fault);
        }
        finally
        {
            if (link.InTransaction) link.Rollback();
            readers.Writer.TryWrite(link);
        }
    }

    public Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary)
    {
        CallGeneration.Forget();
        return writer.WriteAsync(write, urgency, cancellationToken);
    }

    public Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        WriteAsync(async session =>
        {
            var acted = await act(session);
            await session.AppendAsync(acted.Event);
            return acted.Result;
        }, cancellationToken, urgency);

    public Task<long> ReclaimAsync(int pages, CancellationToken cancellationToken) => writer.WriteAsync(session =>
    {
        writing.Run($"PRAGMA incremental_vacuum({pages})");
        return session.Sql("PRAGMA freelist_count").NumberAsync();
    }, Urgency.Freeing, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        isClosed = true;
        await writer.StopAsync();
        readers.Writer.TryComplete();
        // What failed is not tried again, not by the way either: the next start reads the log as it is.
        if (writer.Fatal.IsCompleted && !writer.CopiesLog) foreach (var link in links.Prepend(writing)) link.LeaveLog();
        // The readers first: the last connection copies the log into the database and removes it.
        for (var i = 0; i < links.Count; i++)
        {
            if (!await readers.Reader.WaitToReadAsync() || !readers.Reader.TryRead(out var link)) break;
            link.Dispose();
        }
        writing.Dispose();
        turn?.Dispose();
    }

    private async ValueTask<SqliteLink> AwaitReaderAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await readers.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new StoreUnavailableException("the store is closed");
        }
    }

    // Without space the reserve is given up for a start, and if that is not enough, the store is not opened.
    private static T WithReserve<T>(Func<T> step, Func<int> systemError, StoreOptions options, ILogger log)
    {
        try
        {
            return step();
        }
        catch (SqliteException fault) when (IsShortage(fault, systemError()) && SqliteReserve.TryGiveUp(options, log))
        {
            return step();
        }
    }

    private static bool IsShortage(SqliteException fault, int systemError) => SqliteFault.IsNoSpace(fault, systemError)
        || (SqliteFault.Classify(fault) == FaultClass.Passing && fault.SqliteErrorCode != SQLitePCL.raw.SQLITE_BUSY);

    // SQLite waits for readers and writers by itself, but not for another start at the same moment that makes a new file one with a log,
    // or copies that: both would wait for each other.
    private static async Task<bool> TryUntilFreeAsync(Func<bool> step, StoreOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!step())
        {
            if (time.GetElapsedTime(began) >= options.BusyTimeout) return false;
            await Task.Delay(AnotherTry, time, cancellationToken);
        }
        return true;
    }

    private static StoreSchemaException InUse(StoreOptions options, string consequence) => new(
        $"the store '{options.Path}' cannot be opened: another program has been using it for {options.BusyTimeout.TotalSeconds:0.#} s, so that {consequence}; end that program, such as a sqlite3 shell or a backup (fuser '{options.Path}' tells which), and start again");

    private static async Task<int> UpgradeAsync(SqliteLink link, string path, TimeProvider time, ILogger log)
    {
        link.BeginImmediate();
        var version = await Schema.Sqlite.UpgradeAsync(link.Session, time, log);
        link.Commit();
        if (await link.Session.Sql("PRAGMA auto_vacuum").NumberAsync() != 2)
            throw new StoreSchemaException($"the store '{path}' was not made by grpcca-server: it cannot give space back (auto_vacuum)");
        return version;
    }
}

using System.Threading.Channels;
using GrpcCa.Host;
using Microsoft.Data.Sqlite;

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>The embedded engine: one file, one writer, a few readers.</summary>
internal sealed class SqliteStore : IStore
{
    private readonly SqliteLink writing;
    private readonly SqliteWriter writer;
    private readonly Channel<SqliteLink> readers;
    private readonly List<SqliteLink> links;

    private SqliteStore(SqliteLink writing, List<SqliteLink> links, StoreOptions options, SqliteReserve reserve, ILogger log)
    {
        this.writing = writing;
        this.links = links;
        readers = Channel.CreateBounded<SqliteLink>(links.Count);
        foreach (var link in links) readers.Writer.TryWrite(link);
        writer = new SqliteWriter(writing, options, reserve, log);
    }

    public Task<Exception> Fatal => writer.Fatal;

    public static async Task<SqliteStore> OpenAsync(StoreOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        var log = logs.CreateLogger("GrpcCa.Storage");
        SqliteFile.Prepare(options.Path);
        var opened = new List<SqliteLink>();
        try
        {
            var first = SqliteLink.Open(options, forWriting: true);
            opened.Add(first);
            // After a sync that failed, the log that is read here may be in memory alone, and what is added behind it would be
            // lost with it. Copied into the database it is written and synced anew, and the log begins again.
            Settle(first, options, log);
            var version = await UpgradeAsync(first, options.Path, time, log);
            cancellationToken.ThrowIfCancellationRequested();
            for (var i = 0; i < options.Readers; i++) opened.Add(SqliteLink.Open(options, forWriting: false));
            StoreLog.Opened(log, options.Path, version);
            return new SqliteStore(first, opened[1..], options, SqliteReserve.Open(options, time, log), log);
        }
        catch (Exception fault)
        {
            foreach (var link in opened) link.Dispose();
            if (SqliteFault.Classify(fault) == FaultClass.Ordinary) throw;
            throw new StoreSchemaException($"the store '{options.Path}' cannot be opened: {fault.Message}", fault);
        }
    }

    public async ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        if (writer.IsCurrentThread) throw new InvalidOperationException("a write may not call the store: it reads with its own session");
        if (writer.Fatal.IsCompleted) throw writer.Stopped();
        cancellationToken.ThrowIfCancellationRequested();
        if (!readers.Reader.TryRead(out var link)) link = await AwaitReaderAsync(cancellationToken);
        try
        {
            link.Begin();
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
    }, Urgency.Ordinary, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await writer.StopAsync();
        readers.Writer.TryComplete();
        // What failed is not tried again, not by the way either: the next start reads the log as it is.
        if (writer.Fatal.IsCompleted) foreach (var link in links.Prepend(writing)) link.LeaveLog();
        // The readers first: the last connection copies the log into the database and removes it.
        for (var i = 0; i < links.Count; i++)
        {
            if (!await readers.Reader.WaitToReadAsync() || !readers.Reader.TryRead(out var link)) break;
            link.Dispose();
        }
        writing.Dispose();
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

    // Nothing may be added behind a log that could not be copied: without space the reserve is given up for it, and if that is not
    // enough, the store is not opened.
    private static void Settle(SqliteLink link, StoreOptions options, ILogger log)
    {
        try
        {
            link.Empty();
        }
        catch (SqliteException fault) when (SqliteFault.Classify(fault) == FaultClass.Passing && SqliteReserve.TryGiveUp(options, log))
        {
            link.Empty();
        }
    }

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

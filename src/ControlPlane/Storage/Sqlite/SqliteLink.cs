using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using SQLitePCL;

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>
/// A connection with its session and the words of transactions, prepared once and stepped without a command object
/// in between (a third of the cost, and there are several to a write). Not safe for parallel use.
/// </summary>
internal sealed class SqliteLink : IDisposable
{
    // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE
    private const int NoCheckpointOnClose = 1006;

    // SQLITE_FCNTL_HAS_MOVED
    private const int HasMoved = 20;

    private static readonly TimeSpan LongestRestart = TimeSpan.FromMilliseconds(50);

    private readonly SqliteConnection connection;
    private readonly TimeSpan busyTimeout;
    private readonly List<sqlite3_stmt> words = [];
    private sqlite3_stmt? generation;
    private SafeFileHandle? log;
    private string? logEntry, logPlace;
    private readonly sqlite3_stmt begin, beginImmediate, commit, rollback, savepoint, release, rollbackTo;

    private SqliteLink(SqliteConnection connection, TimeSpan busyTimeout, KeptRows? kept)
    {
        this.connection = connection;
        this.busyTimeout = busyTimeout;
        Session = new StoreSession(connection, kept, text => SqliteStatement.Prepare(connection.Handle!, text));
        begin = Word("BEGIN");
        beginImmediate = Word("BEGIN IMMEDIATE");
        commit = Word("COMMIT");
        rollback = Word("ROLLBACK");
        savepoint = Word("SAVEPOINT w");
        release = Word("RELEASE w");
        rollbackTo = Word("ROLLBACK TO w");
    }

    public StoreSession Session { get; }

    /// <summary>SQLite undoes a whole transaction by itself after some errors; then this is false.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    public static SqliteLink Open(StoreOptions options, bool forWriting, KeptRows? kept = null)
    {
        var opening = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = options.Path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = (int)Math.Ceiling(options.BusyTimeout.TotalSeconds),
        }.ConnectionString);
        try
        {
            opening.Open();
            raw.sqlite3_busy_timeout(opening.Handle, (int)options.BusyTimeout.TotalMilliseconds);
            Settle(opening, options, forWriting);
            return new SqliteLink(opening, options.BusyTimeout, kept);
        }
        catch
        {
            opening.Dispose();
            throw;
        }
    }

    /// <summary>The connection that writes; null while another process has the file to itself.</summary>
    public static SqliteLink? TryOpen(StoreOptions options, KeptRows? kept)
    {
        try
        {
            return Open(options, forWriting: true, kept);
        }
        catch (SqliteException fault) when (fault.SqliteErrorCode == raw.SQLITE_BUSY)
        {
            return null;
        }
    }

    public void Begin() => Step(begin);

    public void BeginImmediate() => Step(beginImmediate);

    public void Commit() => Step(commit);

    public void Rollback() => Step(rollback);

    public void Savepoint() => Step(savepoint);

    public void Release() => Step(release);

    public void RollbackToSavepoint()
    {
        Step(rollbackTo);
        Step(release);
    }

    /// <summary>The numbers of the generation as this connection sees them; null when there are none.</summary>
    public (long Configuration, long Accounts)? ReadGeneration()
    {
        // Not with the other words: a new file has no tables yet.
        generation ??= Word(Generation.Query);
        try
        {
            var result = raw.sqlite3_step(generation);
            if (result == raw.SQLITE_ROW) return (raw.sqlite3_column_int64(generation, 0), raw.sqlite3_column_int64(generation, 1));
            if (result != raw.SQLITE_DONE) SqliteException.ThrowExceptionForRC(result, connection.Handle);
            return null;
        }
        finally
        {
            _ = raw.sqlite3_reset(generation);
        }
    }

    /// <summary>Pages this connection has written since the last call: in WAL, what it added to the log.</summary>
    public int TakePagesWritten()
    {
        raw.sqlite3_db_status(connection.Handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var written, out _, 1);
        return written;
    }

    /// <summary>Copies the log into the database; returns how many pages the log has.</summary>
    public int Checkpoint(bool restart)
    {
        // Starting the log anew waits for readers, and every write with it: only for a moment, then at a later try.
        raw.sqlite3_busy_timeout(connection.Handle, (int)Math.Min(busyTimeout.TotalMilliseconds, LongestRestart.TotalMilliseconds));
        try
        {
            // Busy only says that a reader still needs a part of the log; the rest was copied.
            _ = TryCheckpoint(restart ? raw.SQLITE_CHECKPOINT_RESTART : raw.SQLITE_CHECKPOINT_PASSIVE, out var pages);
            return pages;
        }
        finally
        {
            raw.sqlite3_busy_timeout(connection.Handle, (int)busyTimeout.TotalMilliseconds);
        }
    }

    /// <summary>Copies all of the log into the database and cuts it to nothing; false while another process uses it, after waiting for that.</summary>
    public bool TryEmpty() => TryCheckpoint(raw.SQLITE_CHECKPOINT_TRUNCATE, out _);

    /// <summary>From now on closing does not copy the log into the database.</summary>
    public void LeaveLog() => _ = raw.sqlite3_db_config(connection.Handle, NoCheckpointOnClose, 1, out _);

    /// <summary>The file that is no longer where it was opened, the database or its log; null while both are. Asked after a write, when both exist.</summary>
    public MissingFile? Missing()
    {
        if (FileControl(connection.Handle!.DangerousGetHandle(), 0, HasMoved, out var moved) != raw.SQLITE_OK || moved != 0)
            return new MissingFile(connection.DataSource, IsLog: false);
        var path = connection.DataSource + "-wal";
        return IsLogInPlace(path) ? null : new MissingFile(path, IsLog: true);
    }

    // Of its log SQLite tells nothing. But the kernel tells the present name of a file that is open: another one when it was renamed,
    // and one with "(deleted)" behind it when it was removed, whatever is in its place now (proc(5)).
    private bool IsLogInPlace(string path)
    {
        if (log is null)
        {
            if (!File.Exists(path)) return false;
            log = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            logEntry = $"/proc/self/fd/{log.DangerousGetHandle()}";
            logPlace = new FileInfo(logEntry).LinkTarget;
        }
        return logPlace is null ? File.Exists(path) : new FileInfo(logEntry!).LinkTarget == logPlace;
    }

    /// <summary>errno of the last call of the operating system that failed.</summary>
    public int SystemError() => SystemError(connection.Handle!.DangerousGetHandle());

    private bool TryCheckpoint(int mode, out int pages)
    {
        var result = raw.sqlite3_wal_checkpoint_v2(connection.Handle, null, mode, out pages, out _);
        if (result == raw.SQLITE_BUSY) return false;
        SqliteException.ThrowExceptionForRC(result, connection.Handle);
        return true;
    }

    /// <summary>Runs statements without parameters to their end.</summary>
    public void Run(string text) => SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(connection.Handle, text), connection.Handle);

    public void Dispose()
    {
        Session.Dispose();
        foreach (var word in words) word.Dispose();
        log?.Dispose();
        connection.Dispose();
    }

    // The order matters: auto_vacuum counts only before the first page is written, and the WAL mode writes it.
    private static void Settle(SqliteConnection connection, StoreOptions options, bool forWriting)
    {
        var cache = forWriting ? options.CacheKib : options.CacheKib / 4;
        var text = forWriting
            ? $"PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit={(long)options.LogPages * 4096};"
            : "PRAGMA query_only=1;";
        SqliteException.ThrowExceptionForRC(
            raw.sqlite3_exec(connection.Handle, $"{text} PRAGMA temp_store=MEMORY; PRAGMA cache_size=-{cache};"), connection.Handle);
    }

    private sqlite3_stmt Word(string text)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(connection.Handle, text, out var word), connection.Handle);
        words.Add(word);
        return word;
    }

    // Not among what SQLitePCLRaw hands on.
    [DllImport("e_sqlite3", EntryPoint = "sqlite3_system_errno")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SystemError(nint connection);

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FileControl(nint connection, nint main, int what, out int answer);

    private void Step(sqlite3_stmt word)
    {
        try
        {
            var result = raw.sqlite3_step(word);
            if (result != raw.SQLITE_DONE) SqliteException.ThrowExceptionForRC(result, connection.Handle);
        }
        finally
        {
            _ = raw.sqlite3_reset(word);
        }
    }
}

/// <summary>A file of the store that is not at its place any more.</summary>
internal readonly record struct MissingFile(string Path, bool IsLog);

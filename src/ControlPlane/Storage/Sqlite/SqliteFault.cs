using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>What an error means for the store.</summary>
internal enum FaultClass
{
    /// <summary>The statement or the function was wrong: its caller hears of it, nobody else.</summary>
    Ordinary,

    /// <summary>No space, no memory, another process writes: everything in the transaction is undone, later writes may work.</summary>
    Passing,

    /// <summary>A sync failed or the file is damaged: nothing in memory can be trusted against the disk any more.</summary>
    Fatal,
}

/// <summary>Sorts SQLite's errors (DESIGN §9).</summary>
internal static class SqliteFault
{
    // EDQUOT
    private const int QuotaExceeded = 122;

    public static FaultClass Classify(Exception fault)
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is SqliteException sqlite && Classify(sqlite) is var found and not FaultClass.Ordinary) return found;
        }
        return FaultClass.Ordinary;
    }

    /// <summary>Whether it was for lack of space: on the disk, or in the owner's quota, which SQLite takes for an ordinary I/O error.</summary>
    /// <param name="fault">What was thrown.</param>
    /// <param name="systemError">errno of the operating system.</param>
    public static bool IsNoSpace(Exception fault, int systemError)
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is not SqliteException sqlite) continue;
            return sqlite.SqliteErrorCode == raw.SQLITE_FULL
                || sqlite.SqliteExtendedErrorCode == raw.SQLITE_IOERR_SHMSIZE
                || (sqlite.SqliteExtendedErrorCode == raw.SQLITE_IOERR_WRITE && systemError == QuotaExceeded);
        }
        return false;
    }

    public static bool IsDuplicate(SqliteException fault) => fault.SqliteExtendedErrorCode
        is raw.SQLITE_CONSTRAINT_UNIQUE or raw.SQLITE_CONSTRAINT_PRIMARYKEY or raw.SQLITE_CONSTRAINT_ROWID;

    private static FaultClass Classify(SqliteException fault) => fault.SqliteErrorCode switch
    {
        raw.SQLITE_FULL or raw.SQLITE_NOMEM or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_CANTOPEN => FaultClass.Passing,
        // The index of the log is a file too, and grows: on a full disk that fails with an error of its own.
        raw.SQLITE_IOERR => fault.SqliteExtendedErrorCode is raw.SQLITE_IOERR_SHMSIZE or raw.SQLITE_IOERR_NOMEM
            ? FaultClass.Passing
            : FaultClass.Fatal,
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_READONLY => fault.SqliteExtendedErrorCode == raw.SQLITE_READONLY
            ? FaultClass.Ordinary
            : FaultClass.Fatal,
        _ => FaultClass.Ordinary,
    };
}

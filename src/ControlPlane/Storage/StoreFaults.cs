using System.Data.Common;
using GrpcCa.ControlPlane.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The store refuses for now (no space, busy, server away). What was asked is rolled back; only where the connection to
/// a server broke during the commit is the outcome open, and the message says so. Maps to serverInternal with Retry-After.
/// </summary>
internal sealed class StoreUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A row with this key is there already. The write is undone: let it go up, nothing more can be done in it.</summary>
internal sealed class DuplicateRowException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The store cannot be opened by this program; the message is one line for the person who started it.</summary>
internal sealed class StoreSchemaException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>What both engines' errors have in common.</summary>
internal static class StoreFaults
{
    /// <summary>A unique index or primary key said no.</summary>
    public static bool IsDuplicate(DbException fault) => fault is SqliteException sqlite
        ? SqliteFault.IsDuplicate(sqlite)
        : string.Equals(fault.SqlState, "23505", StringComparison.Ordinal);
}

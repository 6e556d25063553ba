using GrpcCa.Host;

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>The database file before SQLite sees it: there, and its owner's alone.</summary>
internal static class SqliteFile
{
    private const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Makes the file with mode 0600 (SQLite gives its log and index the same), or checks the one that is there.</summary>
    public static void Prepare(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        SyncedFile.EnsurePrivateDirectory(directory);
        // SQLite writes into a database before it has a log, and deletes the log of one that is empty.
        if (LengthOf(path + "-wal") > 0 && LengthOf(path) == 0)
            throw new IOException($"database '{path}' is missing or empty, but its log '{path}-wal' is not: put the database back, or remove the log to begin anew without what is in it");
        if (File.Exists(path) || !TryCreate(path))
        {
            var mode = File.GetUnixFileMode(path);
            if ((mode & Others) != 0)
                throw new IOException($"database '{path}' has mode {Convert.ToString((int)mode, 8)}; others must not read it: chmod 600 '{path}'");
            return;
        }
        SyncedFile.SyncDirectory(directory);
    }

    /// <summary>Keeps other control planes out until it is disposed of or the process ends, however it does: a lock on a file beside the database.</summary>
    /// <exception cref="IOException">Another control plane has it.</exception>
    public static FileStream TakeTurn(string path)
    {
        var file = path + "-lock";
        try
        {
            return new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = SyncedFile.Private,
            });
        }
        catch (IOException fault)
        {
            throw new IOException($"database '{path}' cannot be used: another control plane is using it, or '{file}' cannot be locked ({fault.Message})", fault);
        }
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    // False when another process was quicker.
    private static bool TryCreate(string path)
    {
        try
        {
            new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = SyncedFile.Private }).Dispose();
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }
}

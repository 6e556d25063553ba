using System.Security.Cryptography;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>
/// Room on the disk that is set aside: a file beside the database. When an urgent act fails for lack of space it is cut to nothing, and
/// what it leaves belongs to urgent acts alone, until there is space for it again. The writer's thread alone uses it.
/// </summary>
internal sealed class SqliteReserve
{
    private const int Mebibyte = 1 << 20;

    // How soon after there is space ordinary writes go on; and how often a reserve that was never there is thought of.
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1), Seldom = TimeSpan.FromMinutes(1);

    private readonly string file;
    private readonly int mebibytes;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private bool kept;
    private (long Since, TimeSpan For) pause;

    private SqliteReserve(StoreOptions options, TimeProvider time, ILogger log)
    {
        file = FileOf(options);
        mebibytes = options.ReserveMib;
        this.time = time;
        this.log = log;
    }

    // By the clock that nobody sets: one that is set back would put off what was due.
    private bool IsPausing => time.GetElapsedTime(pause.Since) < pause.For;

    /// <summary>It was given up, in this life or an earlier one: ordinary writes have to wait.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Finds the file or makes it. Without space for it the store works all the same, and says so.</summary>
    public static SqliteReserve Open(StoreOptions options, TimeProvider time, ILogger log)
    {
        var reserve = new SqliteReserve(options, time, log);
        File.Delete(reserve.Unfinished);
        var found = new FileInfo(reserve.file);
        reserve.kept = found.Exists && found.Length == (long)reserve.mebibytes * Mebibyte && reserve.mebibytes > 0;
        if (reserve.kept) return reserve;
        reserve.IsSpent = found.Exists && found.Length == 0 && reserve.mebibytes > 0;
        if (!reserve.IsSpent) found.Delete();
        if (reserve.TryMake(out var fault)) reserve.IsSpent = false;
        else if (reserve.IsSpent) StoreLog.ReserveStillSpent(log, reserve.file);
        else StoreLog.ReserveMissing(log, reserve.file, reserve.mebibytes, fault);
        return reserve;
    }

    /// <summary>Gives it up before the store is open; false when there is none.</summary>
    public static bool TryGiveUp(StoreOptions options, ILogger log)
    {
        var found = new FileInfo(FileOf(options));
        if (!found.Exists || found.Length == 0) return false;
        StoreLog.ReserveSpent(log, found.FullName);
        SyncedFile.Empty(found.FullName);
        return true;
    }

    /// <summary>Gives it up; false when there is none.</summary>
    public bool TrySpend()
    {
        // Somebody may have removed it to make room.
        if (!kept || !File.Exists(file)) return kept = false;
        StoreLog.ReserveSpent(log, file);
        kept = false;
        IsSpent = true;
        pause = (time.GetTimestamp(), Apart);
        SyncedFile.Empty(file);
        return true;
    }

    /// <summary>Sets it aside anew after it was spent; false while there is no space. Asks the disk once a second at most.</summary>
    public bool TryRenew()
    {
        if (IsPausing) return false;
        pause = (time.GetTimestamp(), Apart);
        if (!TryMake(out _)) return false;
        IsSpent = false;
        StoreLog.ReserveKept(log, file, mebibytes);
        return true;
    }

    /// <summary>Makes one that there was no space for at the start, when there is much more space than it takes.</summary>
    public void Keep()
    {
        if (kept || mebibytes == 0 || IsPausing) return;
        pause = (time.GetTimestamp(), Seldom);
        if (FreeBytes() >= 2L * mebibytes * Mebibyte && TryMake(out _)) StoreLog.ReserveKept(log, file, mebibytes);
    }

    // Written with bytes that no file system can make smaller: a hole would be no room. The empty file of a spent one stays until
    // the new one is whole.
    private bool TryMake(out string fault)
    {
        fault = "";
        if (mebibytes == 0) return true;
        try
        {
            if (FreeBytes() < (long)mebibytes * Mebibyte) throw new IOException("the disk is too full");
            var noise = new byte[Mebibyte];
            using (var making = new FileStream(Unfinished, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = SyncedFile.Private,
                BufferSize = 0,
                Options = FileOptions.WriteThrough,
            }))
            {
                for (var i = 0; i < mebibytes; i++)
                {
                    RandomNumberGenerator.Fill(noise);
                    making.Write(noise);
                }
            }
            File.Move(Unfinished, file, overwrite: true);
            SyncedFile.SyncDirectory(Path.GetDirectoryName(file)!);
            kept = true;
            return true;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            fault = cause.Message;
            File.Delete(Unfinished);
            return false;
        }
    }

    private string Unfinished => file + ".new";

    private long FreeBytes() => new DriveInfo(Path.GetDirectoryName(file)!).AvailableFreeSpace;

    private static string FileOf(StoreOptions options) => Path.GetFullPath(options.Path) + "-reserve";
}

using System.Diagnostics;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>An ext4 file system on a disk whose writes fail when they are told to: nbdkit's error filter. Needs root.</summary>
internal sealed class FailingDisk : IAsyncDisposable
{
    private const string Size = "160M";

    // The file system's own turn at its journal would otherwise come now and then while writes fail, and it gives up then: that is no fault of the store's.
    private const string Options = "loop,commit=600";

    private readonly TemporaryDirectory directory = new();
    private Process? server;
    private MountedDisk? mounted;

    private FailingDisk()
    {
    }

    private string Image => directory.At("disk.img");

    private string Trigger => directory.At("trigger");

    private string Socket => directory.At("nbd.sock");

    public static async Task<FailingDisk> MountAsync()
    {
        var disk = new FailingDisk();
        try
        {
            await ProgramRun.SucceedAsync("truncate", ["-s", Size, disk.Image]);
            disk.server = Process.Start("nbdkit",
                ["-f", "-U", disk.Socket, "--filter=error", "file", disk.Image, "error=EIO", "error-pwrite-rate=100%", $"error-pwrite-file={disk.Trigger}",
                    "error-zero-rate=100%", $"error-zero-file={disk.Trigger}"]);
            for (var tries = 0; !File.Exists(disk.Socket); tries++)
            {
                if (tries == 200 || disk.server.HasExited) throw new TimeoutException("nbdkit does not listen");
                await Task.Delay(25);
            }
            disk.mounted = await MountedDisk.MountAsync(disk.directory.Path, disk.Socket, format: true, Options);
            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    public string At(params string[] parts) => directory.At(["fs", .. parts]);

    /// <summary>From now on every write that reaches the disk fails, and with it whatever waits for one.</summary>
    public void Fail() => File.WriteAllText(Trigger, "");

    public void Mend() => File.Delete(Trigger);

    /// <summary>Takes it away and back, so that only what is really on it is seen.</summary>
    public async Task RemountAsync()
    {
        await mounted!.UnmountAsync();
        mounted = await MountedDisk.MountAsync(directory.Path, Socket, format: false, Options);
    }

    public async ValueTask DisposeAsync()
    {
        Mend();
        if (mounted is not null) await mounted.UnmountAsync();
        if (server is not null)
        {
            server.Kill();
            await server.WaitForExitAsync();
            server.Dispose();
        }
        directory.Dispose();
    }
}

using System.Diagnostics;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>An ext4 file system on a disk that an NBD server has: nbdfuse makes a file of it, the loop driver a device. Needs root.</summary>
internal sealed class MountedDisk
{
    /// <summary>
    /// The collection of tests that mount one, and of those that make a mount namespace: that copies all mounts, and a copy keeps
    /// the disk after it was unmounted. In one collection they do not meet.
    /// </summary>
    public const string Collection = "mounts";

    private const int Tries = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly Process fuse;
    private readonly string raw;

    private MountedDisk(Process fuse, string directory)
    {
        this.fuse = fuse;
        raw = System.IO.Path.Combine(directory, "raw");
        Path = System.IO.Path.Combine(directory, "fs");
    }

    /// <summary>Where the file system is.</summary>
    public string Path { get; }

    private string Device => System.IO.Path.Combine(raw, "disk");

    /// <summary>Mounts it; ext4 replays its journal by itself.</summary>
    /// <param name="directory">Where the mount points are made.</param>
    /// <param name="socket">The server's.</param>
    /// <param name="format">Makes the file system first.</param>
    /// <param name="options">Of mount(8).</param>
    public static async Task<MountedDisk> MountAsync(string directory, string socket, bool format, string options = "loop")
    {
        Directory.CreateDirectory(System.IO.Path.Combine(directory, "raw"));
        Directory.CreateDirectory(System.IO.Path.Combine(directory, "fs"));
        var device = System.IO.Path.Combine(directory, "raw", "disk");
        // It tells each request that failed; after a cut there are many.
        var fuse = Process.Start(new ProcessStartInfo("nbdfuse", [device, "--unix", socket]) { RedirectStandardError = true })!;
        fuse.ErrorDataReceived += (_, _) => { };
        fuse.BeginErrorReadLine();
        var mounted = new MountedDisk(fuse, directory);
        try
        {
            await UntilAsync(() => File.Exists(device), $"nbdfuse shows no {device}");
            if (format) await ProgramRun.SucceedAsync("mkfs.ext4", ["-q", "-F", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0", device]);
            await ProgramRun.SucceedAsync("mount", ["-t", "ext4", "-o", options, device, mounted.Path]);
            return mounted;
        }
        catch
        {
            await mounted.EndAsync();
            throw;
        }
    }

    /// <summary>Unmounts it, also when the disk behind it does not answer any more. Whoever had files open there is dead by then.</summary>
    public async Task UnmountAsync()
    {
        for (var tries = 1; ; tries++)
        {
            var run = await ProgramRun.OfAsync("umount", [Path]);
            if (run.ExitCode == 0) break;
            if (tries == Tries) throw new InvalidOperationException(run.Said);
            await Task.Delay(Pause);
        }
        // The loop device goes with the mount, a little later.
        for (var tries = 1; (await ProgramRun.SucceedAsync("losetup", ["-j", Device])).Output.Length > 0; tries++)
        {
            if (tries == Tries) throw new InvalidOperationException($"the loop device of {Device} stays");
            await Task.Delay(Pause);
        }
        await EndAsync();
    }

    private async Task EndAsync()
    {
        await ProgramRun.OfAsync("umount", [raw]);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await fuse.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            fuse.Kill();
        }
        fuse.Dispose();
    }

    private static async Task UntilAsync(Func<bool> holds, string otherwise)
    {
        for (var tries = 0; !holds(); tries++)
        {
            if (tries == Tries) throw new TimeoutException(otherwise);
            await Task.Delay(Pause);
        }
    }
}

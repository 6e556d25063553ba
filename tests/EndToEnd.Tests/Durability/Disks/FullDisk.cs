using System.Diagnostics;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>A file system in memory with a size of its own, and a file that takes all the space there is. Needs root.</summary>
internal sealed class FullDisk : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();

    private FullDisk()
    {
    }

    private string Filler => At("filler");

    public static async Task<FullDisk> MountAsync(int mebibytes)
    {
        var disk = new FullDisk();
        Directory.CreateDirectory(disk.At());
        await ProgramRun.SucceedAsync("mount", ["-t", "tmpfs", "-o", $"size={mebibytes}m,mode=0700", "tmpfs", disk.At()]);
        return disk;
    }

    public string At(params string[] parts) => directory.At(["disk", .. parts]);

    /// <summary>To the last byte, or with so many MiB left.</summary>
    public async Task FillAsync(int except = 0)
    {
        // It ends for lack of space, as it should; what is smaller than its blocks goes to the second.
        foreach (var block in (string[])["1M", "4k"])
        {
            var run = await ProgramRun.OfAsync("dd", ["if=/dev/zero", $"of={Filler}", $"bs={block}", "oflag=append", "conv=notrunc"]);
            if (run.ExitCode == 0) throw new UnreachableException($"the disk does not get full: {run.Said}");
        }
        if (except == 0) return;
        await using var filler = new FileStream(Filler, FileMode.Open, FileAccess.Write);
        filler.SetLength(filler.Length - ((long)except << 20));
    }

    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        await ProgramRun.SucceedAsync("umount", [At()]);
        directory.Dispose();
    }
}

using System.Security.Cryptography;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>A control plane and a gateway on an ext4 file system whose disk loses power; clients are elsewhere.</summary>
internal sealed class PowerCutRig : IAsyncDisposable
{
    private const int DiskBytes = 192 << 20;

    // Clients are at work, so that something is written; a slow machine gets its time.
    private static readonly TimeSpan WrittenWithin = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory directory = new();
    private readonly VolatileDisk disk = new(DiskBytes);
    private readonly NbdServer server;
    private MountedDisk? mounted;

    private PowerCutRig(ChallengeSite site)
    {
        Site = site;
        server = new NbdServer(disk, Socket);
        Options = new RunningInstanceOptions { Data = directory.At("fs", "ca"), Http01Port = site.Port };
    }

    public ChallengeSite Site { get; }

    /// <summary>The same at every start: ports and the data directory on the disk.</summary>
    public RunningInstanceOptions Options { get; }

    public int Flushes => disk.Flushes;

    /// <summary>How often the power was cut; more than before as soon as a client may see it.</summary>
    public int Cuts => disk.Cuts;

    // Half of the cuts lose everything that was not flushed, the others any part of it.
    private static int Chance => Math.Max(0, RandomNumberGenerator.GetInt32(-100, 100));

    private string Socket => directory.At("nbd.sock");

    public static async Task<PowerCutRig> StartAsync()
    {
        var rig = new PowerCutRig(await ChallengeSite.StartAsync());
        try
        {
            await rig.MountAsync(format: true);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>An empty disk again, for another first start.</summary>
    public async Task FormatAsync()
    {
        await KillAsync();
        await UnmountAsync();
        await MountAsync(format: true);
    }

    /// <summary>
    /// Cuts the power: the disk first, so that nothing is answered any more that it does not have, then the programs. Then power is
    /// back, and the file system is mounted as at any boot.
    /// </summary>
    public Task<Cut> CutAsync() => BootAsync(disk.CutPower(Chance));

    /// <summary>The same, right after so many writes more have reached the disk: the last of them is not flushed, whatever the moment.</summary>
    public async Task<Cut> CutAfterAsync(int writes) => await BootAsync(await disk.CutPowerAfterAsync(writes, Chance).WaitAsync(WrittenWithin));

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await UnmountAsync();
        await server.DisposeAsync();
        await Site.DisposeAsync();
        directory.Dispose();
    }

    private async Task<Cut> BootAsync(Cut cut)
    {
        await KillAsync();
        await UnmountAsync();
        disk.PowerOn();
        await MountAsync(format: false);
        return cut;
    }

    private async Task MountAsync(bool format)
    {
        mounted = await MountedDisk.MountAsync(directory.Path, Socket, format);
        Directory.CreateDirectory(Options.Data!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task UnmountAsync()
    {
        // Once: the second try after one that failed would hide why.
        if (Interlocked.Exchange(ref mounted, null) is { } disk) await disk.UnmountAsync();
    }

    // All that name the data directory: both programs and the script that started them.
    private async Task KillAsync() => await ProgramRun.OfAsync("pkill", ["-KILL", "-f", Options.Data!]);
}

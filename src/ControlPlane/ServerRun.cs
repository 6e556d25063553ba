using System.Net.Sockets;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane;

/// <summary>One life of the program: data directory, lock, store, start-up, serving, an orderly end.</summary>
internal static class ServerRun
{
    /// <summary>Exit code of a start that failed.</summary>
    public const int Failed = 1;

    /// <summary>Exit code of a wrong configuration.</summary>
    public const int BadConfiguration = 2;

    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(10), ToldWithin = TimeSpan.FromSeconds(1);

    /// <summary>Serves until it is told to stop; prints <c>ready</c> and the endpoint on stdout once it does. Tests replace services by <paramref name="adjust"/>.</summary>
    public static async Task<int> ServeAsync(
        ControlPlaneOptions options, bool mayFound, TimeProvider time, CancellationToken cancellationToken, Action<WebApplicationBuilder>? adjust = null)
    {
        using var turn = TakeData(options, mayFound);
        using var logs = LoggerFactory.Create(logging => logging.AddLogLines());
        await using var store = await StoreFactory.OpenAsync(options.Storage, time, logs, cancellationToken);
        // Before any key is asked for: a missing CA is told as that.
        if (!mayFound && (await store.ReadAsync(AuthorityStore.LoadAsync, cancellationToken)).Active(AuthorityPurpose.Issuing) is null)
            throw new HierarchyException($"there is no CA in '{options.DataDirectory}' yet; found one with 'grpcca-server init'");
        SocketFile.Claim(options.AdminSocket);
        await using var app = ControlPlaneApp.Build(options, store, time, adjust);
        var start = app.Services.GetRequiredService<StartUp>();
        await start.PrepareAsync(mayFound, cancellationToken);
        await app.StartAsync(cancellationToken);
        await start.WriteTokenAsync(cancellationToken);
        await TellAsync(start, app.Services.GetRequiredService<AuthorityBook>(), cancellationToken);
        Console.WriteLine($"ready {app.Services.GetRequiredService<ListeningEndpoint>().Address}");
        var stopped = app.WaitForShutdownAsync(cancellationToken);
        await Task.WhenAny(stopped, store.Fatal);
        if (!store.Fatal.IsCompleted) return 0;
        // DESIGN §9: after a failed sync or corruption nothing in memory can be trusted; the next start reads the log.
        // Whoever reads the pipe may have stopped too; that must not keep a program alive that serves nobody.
        var cause = (await store.Fatal).Message;
        var told = Task.Factory.StartNew(
            () => Console.Error.WriteLine($"grpcca-server: the store failed and the program stops: {cause}"), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAny(told, Task.Delay(ToldWithin, time, cancellationToken));
        using var bound = new CancellationTokenSource(StopWithin, time);
        await app.StopAsync(bound.Token);
        return Failed;
    }

    /// <summary>Founds the CA and ends; prints the root's file and fingerprint.</summary>
    public static async Task<int> FoundAsync(ControlPlaneOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        using var turn = TakeData(options, mayFound: true);
        using var logs = LoggerFactory.Create(_ => { });
        await using var store = await StoreFactory.OpenAsync(options.Storage, time, logs, cancellationToken);
        await using var app = ControlPlaneApp.Build(options, store, time);
        var start = app.Services.GetRequiredService<StartUp>();
        var authorities = app.Services.GetRequiredService<AuthorityBook>();
        if ((await authorities.CurrentAsync(cancellationToken)).Active(AuthorityPurpose.Issuing) is { Issuers.IsEmpty: false } existing)
            throw new HierarchyException($"'{options.DataDirectory}' has a CA already: {existing.DisplayName}, root {existing.RootSha256}; it is left as it is");
        await start.PrepareAsync(mayFound: true, cancellationToken);
        await TellAsync(start, authorities, cancellationToken);
        return 0;
    }

    private static async Task TellAsync(StartUp start, AuthorityBook authorities, CancellationToken cancellationToken)
    {
        var authority = (await authorities.CurrentAsync(cancellationToken)).Active(AuthorityPurpose.Issuing)!;
        Console.WriteLine($"root: {start.RootFile}");
        Console.WriteLine($"fingerprint: {authority.RootSha256}");
    }

    /// <summary>A line for the person who started the program; null when the fault is ours and wants its stack.</summary>
    public static string? Explain(Exception fault) => fault switch
    {
        HierarchyException or KeyUnavailableException or StoreSchemaException or StoreUnavailableException => fault.Message,
        // What was declared cannot be so, such as a base URL that is none.
        RefusalException => fault.Message,
        // Two programs that founded at once; the other one was first.
        DuplicateRowException => $"another program wrote the same at the same time; start again ({fault.Message})",
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => fault.Message,
        SocketException socket => $"cannot listen: {socket.Message}",
        IOException or UnauthorizedAccessException => fault.Message,
        OperationCanceledException => "stopped before it was ready",
        _ => null,
    };

    // One program at a time on one data directory; the lock goes with the process, however it ends.
    private static FileStream TakeData(ControlPlaneOptions options, bool mayFound)
    {
        SyncedFile.EnsurePrivateDirectory(options.DataDirectory);
        FileStream turn;
        try
        {
            turn = new FileStream(Path.Combine(options.DataDirectory, "control-plane.lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = SyncedFile.Private,
            });
        }
        catch (IOException fault)
        {
            throw new IOException($"another control plane is using '{options.DataDirectory}'", fault);
        }
        if (mayFound && !File.Exists(options.PasswordFile) && !KeysExist(options))
            SyncedFile.Write(options.PasswordFile, System.Text.Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(64, lowercase: true) + "\n"), SyncedFile.Private);
        return turn;
    }

    // A password that is missing beside existing keys was lost: a new one would open none of them.
    private static bool KeysExist(ControlPlaneOptions options) =>
        Directory.Exists(options.KeyDirectory) && Directory.EnumerateFiles(options.KeyDirectory, "*.p8").Any();
}

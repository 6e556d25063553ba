using System.Net;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using GrpcCa.Protocol.Identity;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>
/// A CA under load whose control plane is killed again and again: the control plane in its own process, a real gateway, ACME
/// clients over HTTPS with real http-01 answers, operators over the admin socket, and a ledger of what they were told.
/// </summary>
internal sealed class Drill : IAsyncDisposable
{
    private const string Origin = "https://drill.ca.test";
    private static readonly TimeSpan Leaving = TimeSpan.FromSeconds(90);

    private readonly DnsResponder dns = DnsResponder.Start();
    private readonly CancellationTokenSource stopping = new();
    private readonly HouseLog gatewayLog = new();
    private readonly List<DrillClient> clients = [];
    private readonly List<Task> running = [];
    private readonly string directory;
    private HouseGateway? gateway;
    private HttpClient? http;
    private GrpcChannel? admin;

    private Drill(string directory) => this.directory = directory;

    public CrashedPlane Plane { get; private set; } = null!;

    public ChallengeSite Site { get; private set; } = null!;

    public Gate Gate { get; } = new();

    public Ledger Ledger { get; } = new();

    public string Database => Path.Combine(directory, "ca", "grpcca.db");

    /// <summary>Calls of the local admin.</summary>
    public CallInvoker Admin => admin!.CreateCallInvoker();

    /// <summary>Founds a CA, lets the gateway join, and sets clients and operators to work.</summary>
    public static async Task<Drill> StartAsync(string directory, int clients = 8)
    {
        var drill = new Drill(directory);
        try
        {
            drill.dns.Otherwise = _ => IPAddress.Loopback;
            drill.Site = await ChallengeSite.StartAsync();
            await drill.FoundAsync();
            for (var number = 0; number < clients; number++) drill.clients.Add(new DrillClient(number, drill));
            drill.running.AddRange(drill.clients.Select(c => Task.Run(() => c.RunAsync(drill.stopping.Token))));
            drill.running.Add(Task.Run(() => new ProvisionerEditor(drill).RunAsync(drill.stopping.Token)));
            drill.running.Add(Task.Run(() => new BatchOperator(drill).RunAsync(drill.stopping.Token)));
            return drill;
        }
        catch
        {
            await drill.DisposeAsync();
            throw;
        }
    }

    public AcmeClient NewClient() => new(http!, new Uri($"{Origin}/acme/acme/directory"), AcmeKey.Es256()) { Site = Site };

    /// <summary>Whether it means that the control plane was not there, so that nobody knows what was heard.</summary>
    public bool IsAway(Exception fault) => fault is HttpRequestException or IOException or TaskCanceledException or NoNonceException
        || fault is RpcException rpc && (rpc.StatusCode == StatusCode.Unavailable || rpc.Status.DebugException is HttpRequestException or IOException);

    /// <summary>Waits for so many answers more: moments are counted in work, so that a slow machine tries as much as a quick one.</summary>
    public async Task UntilAnsweredAsync(int more)
    {
        var patience = new Deadline(TimeSpan.FromMinutes(1), $"no {more} answers");
        for (var until = Ledger.Answers + more; Ledger.Answers < until && Ledger.Faults.Count == 0;) await patience.PauseAsync(TimeSpan.FromMilliseconds(5));
    }

    /// <summary>Kills it now, in the middle of whatever goes on.</summary>
    public async Task KillAsync()
    {
        Gate.Close();
        await Plane.KillAsync();
    }

    /// <summary>Starts it again; true when it is ready, false when it died before as it was told to. Nobody asks anything until <see cref="Gate"/> opens.</summary>
    public async Task<bool> RestartAsync(CrashPoint? crash = null)
    {
        Gate.Close();
        await Gate.UntilEmptyAsync(Leaving);
        return await Plane.StartAsync(crash);
    }

    /// <summary>Waits until it has died at its crash point.</summary>
    public async Task UntilCrashedAsync()
    {
        await Plane.EndAsync();
        Gate.Close();
    }

    /// <summary>Fails with everything that is wrong, and with the logs.</summary>
    public async Task AssertNothingIsLostAsync(Verdict verdict, string when)
    {
        var faults = await verdict.FindFaultsAsync();
        Assert.True(faults.Count == 0, Story(faults, when));
    }

    /// <summary>Lets everybody come to an end of what they are at: what a crash cut off ends well.</summary>
    public async Task EndAsync(Verdict verdict, string when)
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromMinutes(4));
        var faults = await verdict.FindFaultsInTheEndAsync();
        Assert.True(faults.Count == 0, Story(faults, when));
    }

    private string Story(IReadOnlyList<string> faults, string when) =>
        $"{when}: {faults.Count} faults\n{string.Join('\n', faults.Take(20))}\nthe control plane's log:\n{string.Join('\n', Plane.Log.TakeLast(60))}";

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        Gate.Abandon();
        if (Plane is not null) await Plane.DisposeAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var client in clients) client.Dispose();
        admin?.Dispose();
        http?.Dispose();
        if (gateway is not null) await gateway.DisposeAsync();
        if (Site is not null) await Site.DisposeAsync();
        await dns.DisposeAsync();
        stopping.Dispose();
    }

    private async Task FoundAsync()
    {
        var data = Path.Combine(directory, "ca");
        var token = Path.Combine(directory, "join-token");
        Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Plane = new CrashedPlane(data, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Grpc:Listen"] = $"127.0.0.1:{FreePorts.Next()}",
            ["Validation:Http01Port"] = $"{Site.Port}",
            ["Validation:Resolver"] = dns.Endpoint.ToString(),
            ["Validation:Ranges"] = "127.0.0.0/8",
            ["Declare:InitialAllow"] = "subtree:test",
            ["Declare:GatewayId"] = "drill",
            ["Declare:GatewayBaseUrls"] = Origin,
            ["Declare:GatewayTokenFile"] = token,
        });
        if (!await Plane.StartAsync()) throw new InvalidOperationException("the control plane did not get ready");
        admin = ControlPlaneChannel.OpenUnix(Path.Combine(data, "admin.sock"));
        // A control plane that comes back after a moment is asked at once: the drill has no time for a pause of two seconds.
        gateway = new HouseGateway("drill", Origin, Path.Combine(directory, "gateway"), gatewayLog.Of("gateway")) { BreakAfter = 1000 };
        await gateway.JoinAsync(await File.ReadAllTextAsync(token));
        var root = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(data, "root.crt"));
        http = HouseGatewayHttp.Open(_ => gateway.Https.Port, () => root, TimeProvider.System);
    }
}

using GrpcCa.Gateway.Acme;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Gateway.Enrollment;
using GrpcCa.Gateway.Trust;
using GrpcCa.Host;
using GrpcCa.Host.Identity;
using GrpcCa.V1;

namespace GrpcCa.Gateway;

/// <summary>A running gateway: everything is put together here, on one screen.</summary>
internal sealed class GatewayApp : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly ControlPlaneLink link;
    private WebApplication? web;
    private Task upkeep = Task.CompletedTask;
    private bool stopped;

    private GatewayApp(ControlPlaneLink link) => this.link = link;

    /// <summary>Where ACME clients connect, with the port that was taken.</summary>
    public Uri Https { get; private set; } = null!;

    /// <summary>The plain HTTP listener.</summary>
    public Uri Http { get; private set; } = null!;

    /// <summary>Starts a gateway and returns when it serves.</summary>
    /// <param name="options">What to serve and where.</param>
    /// <param name="time">The clock of renewals and back-off.</param>
    /// <param name="logs">Where log lines go; it stays the caller's.</param>
    /// <param name="notices">Where the start says what it waits for.</param>
    /// <param name="ct">Gives up the start.</param>
    /// <exception cref="StartException">It cannot start; the message says why.</exception>
    /// <exception cref="IOException">A port is in use or the state directory cannot be used.</exception>
    public static async Task<GatewayApp> StartAsync(GatewayOptions options, TimeProvider time, ILoggerFactory logs, TextWriter notices, CancellationToken ct)
    {
        SyncedFile.EnsurePrivateDirectory(options.State);
        var store = new IdentityStore(options.State);
        var start = new StartUp(options, store, time, notices, logs.CreateLogger<StartUp>());
        var identity = await start.IdentityAsync(ct);

        var app = new GatewayApp(new ControlPlaneLink(identity, options.CallDeadline, time));
        try
        {
            var state = new LinkState(logs.CreateLogger<LinkState>());
            var calls = new CallPolicy(options, state, time);
            var book = new ConfigBook(options.State);
            var config = new ConfigDuty(book, app.link, calls, store, options.ConfigInterval, time, logs.CreateLogger<ConfigDuty>());
            var crls = new CrlBook(options.State, book, logs.CreateLogger<CrlBook>());
            var lists = new CrlDuty(crls, book, app.link, calls, time, logs.CreateLogger<CrlDuty>());
            var tls = new TlsDuty(app.link, calls, book, crls, options.State, time, logs.CreateLogger<TlsDuty>());
            var renewal = new IdentityDuty(app.link, calls, store, time, logs.CreateLogger<IdentityDuty>());
            await start.FillAsync(app.link, book, config, tls, ct);
            crls.Load();

            var nonces = new NoncePool(count => app.MintAsync(calls, count), () => app.link.Epoch, options, time);
            nonces.Fill();
            var acme = new AcmePipeline(book, config.RefreshAsync, app.link, calls, nonces, options, time);
            var door = new FrontDoor(acme, new PublicPages(book, new CrlFiles(crls, time), state), new ForwardedClient(options), time, logs.CreateLogger<FrontDoor>());
            await app.ListenAsync(Listeners.Build(options, tls, door, time, logs), ct);

            app.upkeep = new Upkeep([config, lists, renewal, tls], time, logs.CreateLogger<Upkeep>()).RunAsync(app.stopping.Token);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends when the upkeep fails in a way that it must not; never otherwise.</summary>
    public Task Failure => upkeep;

    /// <summary>Stops listening, lets requests under way end, and closes the connection to the control plane.</summary>
    public async Task StopAsync()
    {
        if (stopped) return;
        stopped = true;
        if (web is not null)
        {
            using var patience = new CancellationTokenSource(Listeners.StopTimeout);
            await web.StopAsync(patience.Token);
        }
        await stopping.CancelAsync();
        await upkeep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (web is not null) await web.DisposeAsync();
        link.Dispose();
        stopping.Dispose();
    }

    private async Task ListenAsync(WebApplication listeners, CancellationToken ct)
    {
        web = listeners;
        await listeners.StartAsync(ct);
        var addresses = listeners.Urls.Select(url => new Uri(url)).ToList();
        Https = addresses.Single(a => a.Scheme == Uri.UriSchemeHttps);
        Http = addresses.Single(a => a.Scheme == Uri.UriSchemeHttp);
    }

    private async Task<IReadOnlyList<string>> MintAsync(CallPolicy calls, int count) =>
        (await calls.ReadAsync(options => link.Acme.MintNoncesAsync(new MintNoncesRequest { Count = count }, options), stopping.Token)).Nonces;
}

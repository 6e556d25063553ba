using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using GrpcCa.ControlPlane;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Signing.File;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Host;
using GrpcCa.Protocol.Identity;
using GrpcCa.TestKit.Acme;
using GrpcCa.TestKit.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace GrpcCa.TestKit;

/// <summary>
/// A whole CA on loopback: the real control plane on a real store, real gateways that joined by token, a DNS server that
/// sends every name to loopback, and a site that answers http-01. When it goes, it says what was wrong: a signature
/// without its plan, an exception in a log, a secret in a log line.
/// </summary>
internal sealed partial class House : IAsyncDisposable
{
    private const string ControlPlaneName = "control plane";

    private readonly string directory = Directory.CreateTempSubdirectory("grpcca-house-").FullName;
    private readonly HouseSettings settings;
    private readonly ConcurrentDictionary<string, int> ports = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentBag<string> secrets = [];
    private readonly List<IDisposable> opened = [];
    private readonly List<HouseGateway> gateways = [];
    private readonly SignatureLog signatures = new();
    private IPEndPoint listen = new(IPAddress.Loopback, 0);
    private IStore? store;
    private WebApplication? plane;
    private HeldPort? away;

    private House(HouseSettings settings) => this.settings = settings;

    /// <summary>Every log line of all programs of the house.</summary>
    public HouseLog Log { get; } = new();

    /// <summary>Sends every name without records of its own to loopback.</summary>
    public DnsResponder Dns { get; } = DnsResponder.Start();

    /// <summary>Answers http-01 for every name.</summary>
    public ChallengeSite Site { get; private set; } = null!;

    /// <summary>The first gateway.</summary>
    public HouseGateway Gateway => gateways[0];

    /// <summary>The root that clients trust.</summary>
    public X509Certificate2 Root { get; private set; } = null!;

    internal IStore Store => store!;

    internal IServiceProvider Services => plane!.Services;

    /// <summary>A house with one gateway, <c>one</c>, at <c>https://one.ca.test</c>.</summary>
    public static async Task<House> StartAsync(HouseSettings? settings = null)
    {
        var house = new House(settings ?? new HouseSettings());
        try
        {
            house.Dns.Otherwise = _ => IPAddress.Loopback;
            house.Site = await ChallengeSite.StartAsync();
            await house.StartControlPlaneAsync();
            foreach (var provisioner in house.settings.Provisioners) await house.AddProvisionerAsync(provisioner);
            await house.AddGatewayAsync("one");
            return house;
        }
        catch
        {
            house.settings.MayEndBadly = true;
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of a provisioner's directory that trusts the root alone; it has a key and no account yet.</summary>
    public AcmeClient Client(string provisioner = "acme", HouseGateway? gateway = null, AcmeKey? key = null) =>
        new(Http, new Uri($"{(gateway ?? Gateway).Origin}/acme/{provisioner}/directory"), key ?? AcmeKey.Es256()) { Site = Site };

    /// <summary>A client with an account.</summary>
    public async Task<AcmeClient> AccountAsync(string provisioner = "acme", HouseGateway? gateway = null, AcmeKey? key = null)
    {
        var client = Client(provisioner, gateway, key);
        await client.RegisterAsync();
        return client;
    }

    /// <summary>HTTPS to the gateways by the names of their base URLs, HTTP/1.1; verifies chains against the root.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>Makes a gateway, lets it join by token and starts it.</summary>
    public async Task<HouseGateway> AddGatewayAsync(string id, IReadOnlyList<string>? provisioners = null, IReadOnlyList<string>? baseUrls = null)
    {
        var origins = baseUrls ?? [$"https://{id}.ca.test"];
        var registry = Services.GetRequiredService<GatewayRegistry>();
        var (_, token) = await registry.CreateAsync(id, new GatewayDraft { BaseUrls = origins, ProvisionerIds = provisioners }, "test", null, CancellationToken.None);
        secrets.Add(token.Text);
        secrets.Add(token.Text.Split('.')[^1]);
        var gateway = new HouseGateway(id, origins[0], Path.Combine(directory, "gateway-" + id), Log.Of("gateway " + id));
        gateways.Add(gateway);
        await gateway.JoinAsync(token.Text);
        foreach (var origin in origins) ports[new Uri(origin).Host] = gateway.Https.Port;
        return gateway;
    }

    /// <summary>Changes a gateway's base URLs and lets the gateway know at once; the old ones retire.</summary>
    public async Task ChangeBaseUrlsAsync(HouseGateway gateway, params string[] baseUrls)
    {
        await Services.GetRequiredService<GatewayRegistry>().UpdateAsync(gateway.Id, new GatewayDraft { BaseUrls = baseUrls }, "", "test", CancellationToken.None);
        await RestartAsync(gateway);
        foreach (var origin in baseUrls) ports[new Uri(origin).Host] = gateway.Https.Port;
    }

    /// <summary>Stops a gateway and starts it again from its state.</summary>
    public async Task RestartAsync(HouseGateway gateway)
    {
        var old = gateway.Https.Port;
        await gateway.RestartAsync();
        foreach (var host in ports.Where(p => p.Value == old).Select(p => p.Key).ToList()) ports[host] = gateway.Https.Port;
    }

    /// <summary>Stops the control plane and starts it again on its data, at the same address.</summary>
    public async Task RestartControlPlaneAsync()
    {
        await StopControlPlaneAsync();
        await StartControlPlaneAsync();
    }

    /// <summary>Calls as an enrolled gateway may make them, straight to the control plane.</summary>
    public CallInvoker CallsOf(HouseGateway gateway)
    {
        var identity = gateway.LoadIdentity();
        opened.Add(identity);
        return Track(ControlPlaneChannel.Open(identity.Endpoint, new PeerTrust(identity.RootDers, settings.Clock), identity.Certificate)).CreateCallInvoker();
    }

    /// <summary>The same calls, by a stream where it can carry them, as gateways make them.</summary>
    public static CallInvoker ByStream(CallInvoker calls) => new ExchangeInvoker(calls, () => 0);

    /// <summary>Calls of the local admin, over the Unix socket.</summary>
    public CallInvoker Admin() => Track(ControlPlaneChannel.OpenUnix(Path.Combine(directory, "admin.sock"))).CreateCallInvoker();

    /// <summary>Makes every signature fail from now on; the house then may end badly.</summary>
    public void BreakSigner()
    {
        settings.MayEndBadly = true;
        ((RecordingSignerProvider)Services.GetRequiredService<ISignerProvider>()).Failure = () => new IOException("the signer at /secret/path is gone");
    }

    /// <summary>A text that no log line may ever hold.</summary>
    public void KeepOutOfLogs(string secret) => secrets.Add(secret);

    /// <summary>How many rows each table has; without leases, which come and go by the clock.</summary>
    public ValueTask<IReadOnlyDictionary<string, long>> CountRowsAsync() => Store.ReadAsync<IReadOnlyDictionary<string, long>>(async session =>
    {
        var tables = await session.Sql("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name <> 'leases' order by name").ListAsync(row => row.GetString(0));
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in tables) counts[table] = await CountAsync(session, table);
        return counts;
    }, CancellationToken.None);

    /// <summary>Waits until every issuer has a revocation list that says all there is to say.</summary>
    public async Task UntilListsAreCurrentAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        // The issuer's and the root's.
        while (await Store.ReadAsync(CrlStore.ListStatesAsync, bound.Token) is var states && (states.Count < 2 || states.Any(s => s.PublishedNumber == 0 || s.Covered < s.Changes)))
            await Task.Delay(TimeSpan.FromMilliseconds(20), bound.Token);
    }

    public async ValueTask DisposeAsync()
    {
        var faults = new List<string>();
        foreach (var one in opened) one.Dispose();
        foreach (var gateway in gateways) await gateway.DisposeAsync();
        if (store is not null && !settings.MayEndBadly) faults.AddRange(await FindUnplannedSignaturesAsync());
        await EndControlPlaneAsync();
        away?.Dispose();
        if (Site is not null) await Site.DisposeAsync();
        await Dns.DisposeAsync();
        Http?.Dispose();
        Directory.Delete(directory, recursive: true);
        if (!settings.MayEndBadly) faults.AddRange(FindFaultsInLog());
        if (faults.Count > 0) throw new InvalidOperationException("the house did not end well:\n" + string.Join('\n', faults.Take(20)));
    }

    private async Task StartControlPlaneAsync()
    {
        File.SetUnixFileMode(directory, SyncedFile.PrivateDirectory);
        var options = ControlPlaneOptions.Read(new ConfigurationBuilder().AddInMemoryCollection([.. Configuration()]).Build());
        if (!File.Exists(options.PasswordFile))
        {
            var password = RandomNumberGenerator.GetHexString(64, lowercase: true);
            secrets.Add(password);
            SyncedFile.Write(options.PasswordFile, System.Text.Encoding.ASCII.GetBytes(password), SyncedFile.Private);
        }
        var log = Log.Of(ControlPlaneName);
        store = await StoreFactory.OpenAsync(options.Storage, settings.Clock, log, CancellationToken.None);
        plane = ControlPlaneApp.Build(options, store, settings.Clock, builder => Adjust(builder, log, options.KeyDirectory));
        var start = Services.GetRequiredService<StartUp>();
        await start.PrepareAsync(mayFound: true, CancellationToken.None);
        away?.Dispose();
        away = null;
        await plane.StartAsync();
        listen = IPEndPoint.Parse(Services.GetRequiredService<ListeningEndpoint>().Address);
        Root = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(start.RootFile));
        Http ??= OpenHttp();
    }

    private void Adjust(WebApplicationBuilder builder, HouseLogOfProgram log, string keys)
    {
        builder.Logging.ClearProviders().AddProvider(log);
        // Its keys protect nothing.
        builder.Services.AddSingleton(new FileKeyOptions { Directory = keys, Iterations = SealedKey.FewestIterations });
        builder.Services.RemoveAll<ISignerProvider>();
        builder.Services.AddSingleton<ISignerProvider>(services => new RecordingSignerProvider(services.GetRequiredService<FileSignerProvider>(), signatures));
    }

    private IEnumerable<KeyValuePair<string, string?>> Configuration()
    {
        yield return new("Data:Directory", directory);
        yield return new("Admin:Socket", Path.Combine(directory, "admin.sock"));
        yield return new("Grpc:Listen", listen.ToString());
        yield return new("Validation:Http01Port", $"{Site.Port}");
        yield return new("Validation:Resolver", Dns.Endpoint.ToString());
        yield return new("Validation:Ranges", "127.0.0.0/8,::1/128,100.64.0.0/10,fd7a:115c:a1e0::/48");
        // What fails is tried again at once.
        yield return new("Validation:Backoff", "0s");
        // A house is thrown away before a disk is full; the file would be written for each.
        yield return new("Storage:ReserveMib", "0");
        yield return new("Declare:InitialAllow", string.Join(',', HouseSettings.Allowlist));
        foreach (var (key, value) in settings.Options) yield return new(key, value);
    }

    /// <summary>Is away until it is started again.</summary>
    public async Task StopControlPlaneAsync()
    {
        var held = plane is not null;
        await EndControlPlaneAsync();
        if (held) away = new HeldPort(listen);
    }

    private async Task EndControlPlaneAsync()
    {
        if (plane is not null)
        {
            await plane.StopAsync();
            await plane.DisposeAsync();
            plane = null;
        }
        if (store is not null) await store.DisposeAsync();
        store = null;
    }

    private async Task AddProvisionerAsync(HouseProvisioner wanted)
    {
        var like = (await Services.GetRequiredService<ProvisionerBook>().CurrentAsync(CancellationToken.None))["acme"];
        var provisioner = wanted.ApplyTo(like);
        var now = settings.Clock.GetUtcNow();
        var patterns = (wanted.Allow ?? HouseSettings.Allowlist).Select(NameRulePattern.Parse).ToList();
        await Store.WriteAsync(async session =>
        {
            await ProvisionerStore.InsertAsync(session, provisioner, now);
            return await NameRuleStore.ReplaceAllowAsync(session, provisioner.Name, [.. patterns], "test", now);
        }, CancellationToken.None);
    }

    private HttpClient OpenHttp() => HouseGatewayHttp.Open(host => ports.TryGetValue(host, out var port) ? port : Gateway.Https.Port, () => Root, settings.Clock);

    private GrpcChannel Track(GrpcChannel channel)
    {
        opened.Add(channel);
        return channel;
    }

    private static async ValueTask<long> CountAsync(StoreSession session, string table) =>
        (await session.Sql($"select count(*) from {table}").ListAsync(row => row.GetInt64(0)))[0];
}

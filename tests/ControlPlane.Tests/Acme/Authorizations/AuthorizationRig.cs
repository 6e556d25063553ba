using System.Collections.Immutable;
using System.Text;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Caa;
using GrpcCa.ControlPlane.Acme.Challenges.Dns01;
using GrpcCa.ControlPlane.Acme.Challenges.DnsAccount01;
using GrpcCa.ControlPlane.Acme.Challenges.DnsPersist01;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Acme.Jws;
using GrpcCa.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Acme.Authorizations;

/// <summary>A store with a provisioner, two gateways and an account, a DNS server, and the worker between them.</summary>
internal sealed class AuthorizationRig : IAsyncDisposable
{
    public const string CurrentUrl = "https://ca.test/acme/acme/account/one", OtherUrl = "https://second.test:8443/acme/acme/account/one",
        RetiredUrl = "https://old.test/acme/acme/account/one";

    private readonly DirectoryInfo directory;
    private readonly GatewayBook gateways;

    private AuthorizationRig(DirectoryInfo directory, IStore store)
    {
        this.directory = directory;
        Store = store;
        gateways = new GatewayBook(store);
    }

    public IStore Store { get; }

    public DnsResponder Dns { get; } = DnsResponder.Start();

    /// <summary>What the worker stamps its facts with.</summary>
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public JsonWebKey AccountKey { get; } = JsonWebKey.Parse(Encoding.UTF8.GetBytes(ClientKey.Es256().Jwk), "jwk", new JwsLimits());

    public CaaRecheck Recheck => new(Checker, new AccountUrls(gateways), Store, Time);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static ValidationOptions Options => new() { ResolveTimeout = TimeSpan.FromSeconds(4), Attempts = 2, Backoff = TimeSpan.FromMilliseconds(1) };

    private static RecordLookup Records => new(new NameServers(Options), Options, TimeProvider.System);

    private static CaaChecker Checker => new(Records, Options, TimeProvider.System);

    public static async Task<AuthorizationRig> StartAsync(CaaMode caa = CaaMode.Off, Func<ProvisionerRecord, ProvisionerRecord>? change = null)
    {
        var directory = Directory.CreateTempSubdirectory("grpcca-authz-");
        var store = await StoreFactory.OpenAsync(
            new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "grpcca.db") }, TimeProvider.System, NullLoggerFactory.Instance, Stop);
        var rig = new AuthorizationRig(directory, store);
        var provisioner = rig.Provisioner(caa);
        await rig.WriteAsync(session => ProvisionerStore.InsertAsync(session, change?.Invoke(provisioner) ?? provisioner, rig.Time.GetUtcNow()));
        await rig.AddGatewayAsync("first", ["https://ca.test"], ["https://old.test"]);
        await rig.AddGatewayAsync("second", ["https://second.test:8443"], []);
        await rig.AddGatewayAsync("foreign", ["https://foreign.test"], [], "nixos");
        await rig.WriteAsync(async session => await AccountStore.InsertAsync(
            session, new Account { Id = "one", ProvisionerId = "acme", Key = rig.AccountKey, CreatedAt = rig.Time.GetUtcNow() }));
        return rig;
    }

    public ProvisionerRecord Provisioner(CaaMode caa) => new()
    {
        Id = "acme",
        AuthorityId = "home",
        DefaultProfile = "default",
        Challenges = ["http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01"],
        Caa = caa,
        CaaIdentities = ["ca.test"],
        Resolvers = [Dns.Endpoint.ToString()],
    };

    /// <summary>An authorization whose challenge of that type has been started.</summary>
    public async Task<Authorization> StartedAsync(string type, string name = "nas.test")
    {
        var now = Time.GetUtcNow();
        var made = NewAuthorization.For(Identifier.ParseDns(name), "one", Provisioner(CaaMode.Off), now, now.AddDays(1));
        made = made.With(made.Challenges.First(challenge => challenge.Type == type) with { StartedAt = now, StartedBy = "main" });
        await WriteAsync(session => AuthorizationStore.InsertAsync(session, made));
        return made;
    }

    public string DigestOf(Authorization authorization) => KeyAuthorizationDigest.TextOf(
        $"{authorization.Challenges.First(challenge => challenge.StartedAt is not null).Token}.{AccountKey.Thumbprint}");

    /// <summary>An authorization that nobody has started, and its challenge of that type as a client starts it.</summary>
    public async Task<(Authorization Authorization, Challenge Challenge)> PendingAsync(string type)
    {
        var now = Time.GetUtcNow();
        var made = NewAuthorization.For(Identifier.ParseDns("nas.test"), "one", Provisioner(CaaMode.Off), now, now.AddDays(1));
        await WriteAsync(session => AuthorizationStore.InsertAsync(session, made));
        return (await FoundAsync(made), made.Challenges.First(challenge => challenge.Type == type) with { StartedAt = now, StartedBy = "main" });
    }

    /// <summary>Lets the worker do its work and reads what it stored.</summary>
    public async Task<Authorization> ValidatedAsync(Authorization started)
    {
        var texts = new TxtLookup(Records);
        var worker = Worker(new Dns01Validator(texts, TimeProvider.System), new DnsAccount01Validator(texts, TimeProvider.System), new DnsPersist01Validator(texts, Time));
        await worker.ValidateAsync(new ValidationJob(started.Id, started.Challenges.First(challenge => challenge.StartedAt is not null).Id), Stop);
        return await FoundAsync(started);
    }

    /// <summary>A worker with these validators.</summary>
    public ChallengeWorker Worker(params IChallengeValidator[] validators)
    {
        var (provisioners, limits) = (new ProvisionerBook(Store), new LimitOptions());
        return new ChallengeWorker(Store, new AccountKeys(Store), validators, new ValidationAttempts(Options, TimeProvider.System), Checker, provisioners,
            new RequestLimits(limits, new LimitBuckets(limits.MostBuckets), provisioners, Time), new AccountUrls(gateways), Options, Time, NullLogger<ChallengeWorker>.Instance);
    }

    public async Task<Authorization> FoundAsync(Authorization authorization) =>
        (await Store.ReadAsync(session => AuthorizationStore.FindAsync(session, authorization.Id), Stop))!;

    public async ValueTask DisposeAsync()
    {
        await Dns.DisposeAsync();
        await Store.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private Task<bool> AddGatewayAsync(string id, ImmutableArray<string> baseUrls, ImmutableArray<string> retired, params ImmutableArray<string> provisioners) =>
        WriteAsync(async session => await GatewayStore.AddAsync(
            session, new GatewayRecord { Id = id, BaseUrls = baseUrls, RetiredBaseUrls = retired, ProvisionerIds = provisioners, CreatedAt = Time.GetUtcNow() }));

    public Task<bool> WriteAsync(Func<StoreSession, ValueTask> write) => Store.WriteAsync(async session =>
    {
        await write(session);
        return true;
    }, Stop);
}

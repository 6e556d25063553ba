using System.Text;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Acme.PastRequests;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Acme.Jws;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Acme.Limits;

/// <summary>A real store with the rows that limits are counted from, and the limits of a process that starts on it.</summary>
internal sealed class LimitRows : IAsyncDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-limits-");

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public IStore Store { get; private set; } = null!;

    public DateTimeOffset Now => Time.GetUtcNow();

    public ProvisionerRecord Provisioner { get; private set; } = null!;

    public static async Task<LimitRows> OpenAsync(ProvisionerLimits? own = null)
    {
        var rows = new LimitRows();
        rows.Store = await StoreFactory.OpenAsync(
            new StoreOptions { ReserveMib = 0, Path = Path.Combine(rows.directory.FullName, "grpcca.db") }, rows.Time, NullLoggerFactory.Instance, CancellationToken.None);
        rows.Provisioner = ProvisionerBook.FromTheStart("home")[0] with { Limits = own ?? new ProvisionerLimits() };
        await rows.WriteAsync(session => ProvisionerStore.InsertAsync(session, rows.Provisioner, rows.Now));
        return rows;
    }

    /// <summary>The limits of a process that has just started on these rows.</summary>
    public async Task<RequestLimits> StartAsync(LimitOptions options)
    {
        var buckets = new LimitBuckets(options.MostBuckets);
        var book = new ProvisionerBook(Store);
        var limits = new RequestLimits(options, buckets, book, Time);
        await new LimitRebuild(Store, limits, buckets, book, Time, NullLogger<LimitRebuild>.Instance).StartAsync(CancellationToken.None);
        return limits;
    }

    public async Task<Account> AccountAsync(TimeSpan ago)
    {
        var account = new Account
        {
            Id = Ids.New(),
            ProvisionerId = Provisioner.Id,
            Key = JsonWebKey.Parse(Encoding.UTF8.GetBytes(ClientKey.Es256().Jwk), "jwk", new JwsLimits()),
            CreatedAt = Now - ago,
        };
        await Store.WriteAsync(session => AccountStore.InsertAsync(session, account), CancellationToken.None);
        return account;
    }

    public Task OrderAsync(Account account, TimeSpan ago, params IEnumerable<string> names) => WriteAsync(session => OrderStore.InsertAsync(session, new Order
    {
        Id = Ids.New(),
        AccountId = account.Id,
        ProvisionerId = Provisioner.Id,
        GatewayId = "one",
        Identifiers = [.. names.Select(Identifier.ParseDns)],
        AuthorizationIds = [],
        ProfileId = "default",
        CreatedAt = Now - ago,
        ExpiresAt = Now + TimeSpan.FromDays(1),
    }));

    /// <summary>A certificate whose order was swept.</summary>
    public Task CertificateAsync(Account account, TimeSpan ago, string name) => WriteAsync(session => CertificateStore.InsertAsync(session, new CertificateRecord
    {
        Serial = SerialNumber.New(),
        Der = [0x30, 0x00],
        Issuer = "authorities/home/issuers/x",
        ProvisionerId = Provisioner.Id,
        AccountId = account.Id,
        OrderId = Ids.New(),
        Identifiers = [Identifier.ParseDns(name)],
        KeyType = "EC_P256",
        KeySha256 = new byte[32],
        NotBefore = Now - ago,
        NotAfter = Now,
        CreatedAt = Now - ago,
    }, new CertificateEvidence(null, null)));

    /// <summary>An authorization with one challenge; it began so long ago, and failed unless it still runs.</summary>
    public async Task<Authorization> AttemptAsync(Account account, TimeSpan ago, string name, bool failed = true)
    {
        var pending = Pending(account, name);
        var challenge = pending.Challenges[0] with { StartedAt = Now - ago, StartedBy = "main" };
        if (failed) challenge = challenge with { Error = new ChallengeError(RefusalReason.Connection, "refused") };
        var attempted = pending.With(challenge);
        await WriteAsync(session => AuthorizationStore.InsertAsync(session, attempted));
        return attempted;
    }

    public Authorization Pending(Account account, string name) =>
        NewAuthorization.For(Identifier.ParseDns(name), account.Id, Provisioner, Now, Now + TimeSpan.FromDays(1));

    public Task WriteAsync(Func<StoreSession, ValueTask> write) => Store.WriteAsync(async session =>
    {
        await write(session);
        return true;
    }, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        directory.Delete(recursive: true);
    }
}

using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Limits;

public sealed class LimitRebuildTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accounts_OfTheWindow_CountAfterARestart()
    {
        await using var rows = await LimitRows.OpenAsync();
        for (var i = 0; i < 3; i++) await rows.AccountAsync(Day);
        await rows.AccountAsync(Minute);
        await rows.AccountAsync(Minute);
        var limits = await rows.StartAsync(new LimitOptions { Accounts = 3, AccountsPerAddress = 1 });

        // Rows tell no address: that bucket starts full.
        limits.TakeAccount(rows.Provisioner, "192.0.2.1");

        Assert.Equal("the limit accounts is reached: 3 new accounts of this provisioner in 3 hours; the next is taken at 2027-01-01T00:59:00Z",
            Assert.Throws<RefusalException>(() => limits.TakeAccount(rows.Provisioner, "192.0.2.2")).Detail);
    }

    [Fact]
    public async Task Orders_OfTheWindow_CountForAccountAndName()
    {
        await using var rows = await LimitRows.OpenAsync();
        var (alice, bob) = (await rows.AccountAsync(Day), await rows.AccountAsync(Day));
        await rows.OrderAsync(alice, Day, "old.test");
        await rows.OrderAsync(alice, Minute, "nas.test", "tv.test");
        await rows.OrderAsync(alice, Day, "nas.test");
        await rows.OrderAsync(bob, TimeSpan.FromDays(8), "tv.test");
        var limits = await rows.StartAsync(new LimitOptions { OrdersPerAccount = 2, OrdersPerName = 2 });

        Assert.Contains("of the account for nas.test in 7 days", Refused(alice.Id, "nas.test"), StringComparison.Ordinal);
        Take("carol", "nas.test");
        Take(alice.Id, "tv.test");
        Assert.Contains("ordersPerAccount", Refused(alice.Id, "new.test"), StringComparison.Ordinal);
        Take(bob.Id, "a.test");
        Take(bob.Id, "b.test");
        Assert.Contains("ordersPerAccount", Refused(bob.Id, "c.test"), StringComparison.Ordinal);

        void Take(string account, string name) => limits.TakeOrder(rows.Provisioner, account, "", [Identifier.ParseDns(name)]);
        string Refused(string account, string name) => Assert.Throws<RefusalException>(() => Take(account, name)).Detail;
    }

    [Fact]
    public async Task Certificates_WhoseOrdersAreSwept_CountForTheirNames()
    {
        await using var rows = await LimitRows.OpenAsync();
        var account = await rows.AccountAsync(Day);
        await rows.CertificateAsync(account, TimeSpan.FromDays(8), "nas.test");
        await rows.CertificateAsync(account, TimeSpan.FromDays(3), "nas.test");
        var limits = await rows.StartAsync(new LimitOptions { OrdersPerName = 2 });

        limits.TakeOrder(rows.Provisioner, account.Id, "", [Identifier.ParseDns("nas.test")]);

        Assert.Throws<RefusalException>(() => limits.TakeOrder(rows.Provisioner, account.Id, "", [Identifier.ParseDns("nas.test")]));
    }

    [Fact]
    public async Task FailedAndRunningValidations_OfTheWindow_Count()
    {
        await using var rows = await LimitRows.OpenAsync();
        var account = await rows.AccountAsync(Day);
        await rows.AttemptAsync(account, TimeSpan.FromHours(2), "nas.test");
        await rows.AttemptAsync(account, Minute, "nas.test");
        var running = await rows.AttemptAsync(account, Minute, "nas.test", failed: false);
        await rows.WriteAsync(session => AuthorizationStore.InsertAsync(session, rows.Pending(account, "nas.test")));
        var limits = await rows.StartAsync(new LimitOptions { FailedValidationsPerAccountAndName = 2 });

        await Assert.ThrowsAsync<RefusalException>(async () => await limits.TakeAttemptAsync(running, Stop));

        // The one that runs succeeds.
        await limits.ReturnAttemptAsync(running, Stop);
        await limits.TakeAttemptAsync(running, Stop);
        await Assert.ThrowsAsync<RefusalException>(async () => await limits.TakeAttemptAsync(running, Stop));
    }

    [Fact]
    public async Task MoreRowsThanAPage_AreAllRead()
    {
        await using var rows = await LimitRows.OpenAsync();
        var account = await rows.AccountAsync(Day);
        // Many of them in one millisecond: pages end between rows of the same time.
        await Task.WhenAll(Enumerable.Range(0, 2500).Select(i => rows.OrderAsync(account, TimeSpan.Zero, $"n{i}.test")));
        var limits = await rows.StartAsync(new LimitOptions { Orders = 2501, OrdersPerAccount = 0 });

        limits.TakeOrder(rows.Provisioner, account.Id, "", [Identifier.ParseDns("a.test")]);

        Assert.Throws<RefusalException>(() => limits.TakeOrder(rows.Provisioner, account.Id, "", [Identifier.ParseDns("b.test")]));
    }
}

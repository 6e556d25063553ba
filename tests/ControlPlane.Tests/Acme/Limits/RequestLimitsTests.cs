using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Limits;

public sealed class RequestLimitsTests
{
    private static readonly Identifier Nas = Identifier.ParseDns("nas.test");
    private static readonly Identifier Tv = Identifier.ParseDns("tv.test");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refusal_NamesTheLimit_ItsSize_AndWhen()
    {
        await using var rows = await LimitRows.OpenAsync();
        var limits = await rows.StartAsync(new LimitOptions { OrdersPerAccount = 2, HelpUrl = "https://ca.test/help" });
        limits.TakeOrder(rows.Provisioner, "alice", "", [Nas]);
        limits.TakeOrder(rows.Provisioner, "alice", "", [Nas]);

        var refusal = Refused(() => limits.TakeOrder(rows.Provisioner, "alice", "", [Nas]));

        Assert.Equal("the limit ordersPerAccount is reached: 2 new orders of one account in 3 hours; the next is taken at 2027-01-01T01:30:00Z", refusal.Detail);
        Assert.Equal(TimeSpan.FromMinutes(90), refusal.RetryAfter);
        Assert.Equal("https://ca.test/help", refusal.HelpUrl);
        Assert.Empty(refusal.Parts);
    }

    [Fact]
    public async Task RetryAfter_IsWhenItWorks_AndNotASecondEarlier()
    {
        await using var rows = await LimitRows.OpenAsync();
        // 3 h / 7 is no whole number of seconds.
        var limits = await rows.StartAsync(new LimitOptions { Accounts = 7 });
        for (var i = 0; i < 7; i++) limits.TakeAccount(rows.Provisioner, "");
        var wait = Refused(() => limits.TakeAccount(rows.Provisioner, "")).RetryAfter!.Value;
        Assert.Equal(0, wait.Ticks % TimeSpan.TicksPerSecond);

        rows.Time.Advance(wait - TimeSpan.FromSeconds(1));
        Refused(() => limits.TakeAccount(rows.Provisioner, ""));
        rows.Time.Advance(TimeSpan.FromSeconds(1));
        limits.TakeAccount(rows.Provisioner, "");
    }

    [Fact]
    public async Task Names_OverTheirLimit_AreTheParts_AndTheOthersKeepTheirBudget()
    {
        await using var rows = await LimitRows.OpenAsync();
        var limits = await rows.StartAsync(new LimitOptions { OrdersPerName = 1, OrdersPerAccount = 3 });
        limits.TakeOrder(rows.Provisioner, "alice", "", [Nas]);

        for (var i = 0; i < 10; i++)
        {
            var part = Assert.Single(Refused(() => limits.TakeOrder(rows.Provisioner, "alice", "", [Tv, Nas])).Parts);
            Assert.Equal((RefusalReason.RateLimited, "dns", "nas.test"), (part.Reason, part.NameType, part.Name));
            Assert.Contains("1 new orders of the account for nas.test in 7 days", part.Detail, StringComparison.Ordinal);
        }

        limits.TakeOrder(rows.Provisioner, "alice", "", [Tv]);
        Refused(() => limits.TakeOrder(rows.Provisioner, "alice", "", [Tv]));
        // Nobody uses up another account's share of a name.
        limits.TakeOrder(rows.Provisioner, "bob", "", [Tv, Nas]);
    }

    [Fact]
    public async Task Addresses_AreCountedByNetwork_AndSkippedWhenUnknown()
    {
        await using var rows = await LimitRows.OpenAsync();
        var limits = await rows.StartAsync(new LimitOptions { AccountsPerAddress = 2 });
        limits.TakeAccount(rows.Provisioner, "2001:db8::1");
        limits.TakeAccount(rows.Provisioner, "2001:db8::2");

        Assert.Contains("accountsPerAddress", Refused(() => limits.TakeAccount(rows.Provisioner, "2001:db8::3")).Detail, StringComparison.Ordinal);
        limits.TakeAccount(rows.Provisioner, "2001:db8:0:1::1");
        for (var i = 0; i < 100; i++) limits.TakeAccount(rows.Provisioner, "");
    }

    [Fact]
    public async Task Provisioner_OverridesTheOption_UpAndDownAndToUnlimited()
    {
        await using var rows = await LimitRows.OpenAsync();
        var limits = await rows.StartAsync(new LimitOptions { Accounts = 2, Orders = 0 });
        var strict = rows.Provisioner with { Id = "strict", Limits = new ProvisionerLimits { Accounts = 1, Orders = 1 } };
        var open = rows.Provisioner with { Id = "open", Limits = new ProvisionerLimits { Accounts = -1 } };

        limits.TakeAccount(strict, "");
        Refused(() => limits.TakeAccount(strict, ""));
        limits.TakeOrder(strict, "alice", "", [Nas]);
        Refused(() => limits.TakeOrder(strict, "alice", "", [Nas]));
        for (var i = 0; i < 100; i++) limits.TakeAccount(open, "");
        for (var i = 0; i < 100; i++) limits.TakeOrder(rows.Provisioner, "alice", "", [Nas]);
        // Another provisioner's buckets are its own.
        limits.TakeAccount(rows.Provisioner, "");
        limits.TakeAccount(rows.Provisioner, "");
        Refused(() => limits.TakeAccount(rows.Provisioner, ""));
    }

    [Fact]
    public async Task Spend_ThatThrowsOrAddsNothing_GivesBack()
    {
        await using var rows = await LimitRows.OpenAsync();
        var limits = await rows.StartAsync(new LimitOptions { Accounts = 1 });

        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => limits.TakeAccount(rows.Provisioner, "").SpendAsync<bool>(() => throw new InvalidOperationException("no")));
            Assert.False(await limits.TakeAccount(rows.Provisioner, "").SpendAsync(() => Task.FromResult(false), added => added));
        }

        Assert.True(await limits.TakeAccount(rows.Provisioner, "").SpendAsync(() => Task.FromResult(true), added => added));
        Refused(() => limits.TakeAccount(rows.Provisioner, ""));
    }

    [Fact]
    public async Task Attempts_AtOnce_AreNoMoreThanMayFail_AndSuccessesAreFree()
    {
        await using var rows = await LimitRows.OpenAsync();
        var limits = await rows.StartAsync(new LimitOptions { FailedValidationsPerAccountAndName = 2 });
        var account = await rows.AccountAsync(TimeSpan.Zero);
        var authorization = rows.Pending(account, "nas.test");
        for (var i = 0; i < 20; i++)
        {
            await limits.TakeAttemptAsync(authorization, Stop);
            await limits.ReturnAttemptAsync(authorization, Stop);
        }
        await limits.TakeAttemptAsync(authorization, Stop);
        await limits.TakeAttemptAsync(authorization with { Wildcard = true }, Stop);

        var refusal = await Assert.ThrowsAsync<RefusalException>(async () => await limits.TakeAttemptAsync(authorization, Stop));

        Assert.Contains("2 failed validations of nas.test by one account in 1 hour", refusal.Detail, StringComparison.Ordinal);
        await limits.TakeAttemptAsync(rows.Pending(account, "tv.test"), Stop);
        await limits.TakeAttemptAsync(rows.Pending(await rows.AccountAsync(TimeSpan.Zero), "nas.test"), Stop);
    }

    [Fact]
    public async Task Pending_AreCountedFromRows_UntilTheyEnd()
    {
        await using var rows = await LimitRows.OpenAsync(new ProvisionerLimits { PendingAuthorizationsPerAccount = 1 });
        var limits = await rows.StartAsync(new LimitOptions());
        var account = await rows.AccountAsync(TimeSpan.Zero);
        var first = rows.Pending(account, "nas.test");
        await AddAsync(first);
        await rows.AttemptAsync(account, TimeSpan.Zero, "failed.test");

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => AddAsync(rows.Pending(account, "tv.test")));
        Assert.Equal(TimeSpan.FromDays(1), refusal.RetryAfter);
        Assert.Contains("1 pending authorizations of one account at a time; finish or deactivate some", refusal.Detail, StringComparison.Ordinal);

        await rows.WriteAsync(async session => Assert.True(await AuthorizationStore.ReplaceAsync(session, first with { Version = 1 }, first with { DeactivatedAt = rows.Now })));
        await AddAsync(rows.Pending(account, "tv.test"));

        Task AddAsync(Authorization authorization) => rows.WriteAsync(async session =>
        {
            await AuthorizationStore.InsertAsync(session, authorization);
            await limits.CheckPendingAsync(session, rows.Provisioner, account.Id, rows.Now);
        });
    }

    private static RefusalException Refused(Func<TakenTokens> take)
    {
        var refusal = Assert.Throws<RefusalException>(take);
        Assert.Equal(RefusalReason.RateLimited, refusal.Reason);
        return refusal;
    }
}

using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Api.Filters;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.ControlPlane.Tests.Storage;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Account = GrpcCa.V1.Account;
using EabKey = GrpcCa.V1.EabKey;

namespace GrpcCa.ControlPlane.Tests.Acme.Accounts;

/// <summary>What operators do to accounts and EAB keys, and what their clients see.</summary>
public sealed class AccountOperationsTests
{
    private const string Message = "too many orders; write to ca@net.gq";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pause_IsToldToTheClient_UntilItIsResumed()
    {
        await using var house = await House.StartAsync();
        var client = await house.AccountAsync();
        var earlier = await client.IssueAsync("before.test");
        var ready = await client.OrderAsync("ready.test");
        var accounts = new AccountService.AccountServiceClient(house.Admin());
        var name = Assert.Single((await accounts.ListAccountsAsync(new())).Accounts).Name;

        var paused = await accounts.PauseAccountAsync(new() { Name = name, Message = Message });
        var refused = await client.OrderAsync("nas.test");
        var fetched = await client.FetchAsync(client.Kid!);
        var order = await client.FetchAsync(ready.Location!);
        var listed = (await accounts.ListAccountsAsync(new() { Filter = "state = PAUSED" })).Accounts;
        var resumed = await accounts.ResumeAccountAsync(new() { Name = name });
        var again = await Assert.ThrowsAsync<RpcException>(async () => await accounts.ResumeAccountAsync(new() { Name = name }));
        var ordered = await client.OrderAsync("nas.test");

        Assert.Equal((Account.Types.State.Valid, Message), (paused.State, paused.PauseMessage));
        Assert.NotNull(paused.PauseTime);
        Assert.Equal((429, "rateLimited"), (refused.Status, refused.Problem));
        Assert.Contains(Message, refused.Detail, StringComparison.Ordinal);
        Assert.Equal("3600", refused.Header("Retry-After"));
        Assert.Equal((200, 200), (fetched.Status, order.Status));
        Assert.Equal([name], listed.Select(a => a.Name));
        Assert.Equal(("", null), (resumed.PauseMessage, resumed.PauseTime));
        Assert.Equal(StatusCode.FailedPrecondition, again.StatusCode);
        Assert.Equal(201, ordered.Status);
        Assert.NotNull(earlier);
    }

    [Fact]
    public async Task Deactivated_ByAnOperator_AnAccountIsRevoked_AndItsKeyMakesNoOther()
    {
        await using var house = await House.StartAsync();
        var key = AcmeKey.Es256();
        var client = await house.AccountAsync(key: key);
        var accounts = new AccountService.AccountServiceClient(house.Admin());
        var name = Assert.Single((await accounts.ListAccountsAsync(new())).Accounts).Name;

        var ended = await accounts.DeactivateAccountAsync(new() { Name = name });
        var refused = await client.OrderAsync("nas.test");
        var anew = await house.Client(key: key).RegisterAsync();
        var pause = await Assert.ThrowsAsync<RpcException>(async () => await accounts.PauseAccountAsync(new() { Name = name, Message = "x" }));
        var audit = (await new AuditService.AuditServiceClient(house.Admin()).ListAuditEventsAsync(new() { Filter = "action = \"account.revoke\"" })).AuditEvents;

        Assert.Equal(Account.Types.State.Revoked, ended.State);
        Assert.Equal((401, 401), (refused.Status, anew.Status));
        Assert.Equal(StatusCode.FailedPrecondition, pause.StatusCode);
        Assert.Equal(name, Assert.Single(audit).Resource);
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData(" ")]
    public async Task Pause_WithAWrongMessage_NamesIt(string message)
    {
        await using var house = await House.StartAsync();
        var accounts = new AccountService.AccountServiceClient(house.Admin());

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await accounts.PauseAccountAsync(new() { Name = "accounts/x", Message = message }));

        Assert.Equal((StatusCode.InvalidArgument, "message"), (fault.StatusCode, Assert.Single(fault.Fields())));
    }

    [Fact]
    public async Task EabKey_IsChangedAndRemoved_ButNotBelowItsAccounts()
    {
        await using var house = await House.StartAsync();
        var accounts = new AccountService.AccountServiceClient(house.Admin());
        var names = new NameService.NameServiceClient(house.Admin());
        var made = await accounts.CreateEabKeyAsync(new() { EabKeyId = "guest", EabKey = new() { Provisioner = "provisioners/acme", Comment = "one" }, Allow = { "exact:nas.test" } });
        house.KeepOutOfLogs(made.MacKey);
        var end = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddDays(1));
        var update = new UpdateEabKeyRequest { EabKey = new EabKey { Name = "eabKeys/guest", MaxUses = 3, Comment = "ignored", Etag = made.EabKey.Etag }, UpdateMask = new() { Paths = { "max_uses" } } };

        var changed = await accounts.UpdateEabKeyAsync(update);
        var stale = await Assert.ThrowsAsync<RpcException>(async () => await accounts.UpdateEabKeyAsync(update));
        var ending = await accounts.UpdateEabKeyAsync(new() { EabKey = new EabKey { Name = "eabKeys/guest", ExpireTime = end }, UpdateMask = new() { Paths = { "expire_time" } } });
        var endless = await accounts.UpdateEabKeyAsync(new() { EabKey = new EabKey { Name = "eabKeys/guest" }, UpdateMask = new() { Paths = { "expire_time" } } });
        var client = house.Client();
        var binding = await client.BindingAsync("guest", System.Buffers.Text.Base64Url.DecodeFromChars(made.MacKey));
        Assert.Equal(201, (await client.RegisterAsync(new() { ["externalAccountBinding"] = binding })).Status);
        var bound = Assert.Single((await accounts.ListAccountsAsync(new() { Filter = "eab_key = \"eabKeys/guest\"" })).Accounts);
        var inUse = await Assert.ThrowsAsync<RpcException>(async () => await accounts.DeleteEabKeyAsync(new() { Name = "eabKeys/guest" }));
        await accounts.DeactivateAccountAsync(new() { Name = bound.Name });
        await accounts.DeleteEabKeyAsync(new() { Name = "eabKeys/guest" });
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await accounts.GetEabKeyAsync(new() { Name = "eabKeys/guest" }));

        Assert.Equal((3, "one", null), (changed.MaxUses, changed.Comment, changed.ExpireTime));
        Assert.NotEqual(made.EabKey.Etag, changed.Etag);
        Assert.Equal(StatusCode.Aborted, stale.StatusCode);
        Assert.Equal(end.Seconds, ending.ExpireTime.Seconds);
        Assert.Null(endless.ExpireTime);
        Assert.Equal((StatusCode.FailedPrecondition, StatusCode.NotFound), (inUse.StatusCode, gone.StatusCode));
        Assert.Empty((await names.ListNameRulesAsync(new() { Filter = "level = \"eabKeys/guest\"" })).NameRules);
    }

    [Fact]
    public async Task Lists_ByEveryField_FindWhatTheyShould()
    {
        await using var house = await House.StartAsync();
        var client = house.Client();
        await client.RegisterAsync(new() { ["contact"] = new System.Text.Json.Nodes.JsonArray("mailto:me@net.test", "mailto:you@net.test") });
        await house.AccountAsync("nixos");
        var accounts = new AccountService.AccountServiceClient(house.Admin());
        async Task<int> CountAsync(string filter) => (await accounts.ListAccountsAsync(new() { Filter = filter })).Accounts.Count;
        var mine = Assert.Single((await accounts.ListAccountsAsync(new() { Filter = "provisioner = \"provisioners/acme\"" })).Accounts);
        foreach (var id in new[] { "a", "b" }) house.KeepOutOfLogs((await accounts.CreateEabKeyAsync(new() { EabKeyId = id, EabKey = new() { Provisioner = "provisioners/acme" } })).MacKey);
        await accounts.DisableEabKeyAsync(new() { Name = "eabKeys/b" });

        Assert.Equal(2, await CountAsync(""));
        Assert.Equal(1, await CountAsync("contact = \"mailto:you@net.test\""));
        Assert.Equal(0, await CountAsync("contact = \"mailto:u@net.test\""));
        Assert.Equal(1, await CountAsync($"key_thumbprint = \"{mine.KeyThumbprint}\""));
        Assert.Equal(1, await CountAsync($"key_thumbprint = \"{mine.KeyThumbprint}\" AND provisioner = \"provisioners/acme\" AND state = VALID"));
        Assert.Equal(0, await CountAsync("eab_key = \"eabKeys/a\""));
        Assert.Equal(0, await CountAsync("state = REVOKED"));
        Assert.Equal(["eabKeys/a"], (await accounts.ListEabKeysAsync(new() { Filter = "disabled = false AND provisioner = \"provisioners/acme\"" })).EabKeys.Select(k => k.Name));
        Assert.Equal(["eabKeys/b"], (await accounts.ListEabKeysAsync(new() { Filter = "disabled = true" })).EabKeys.Select(k => k.Name));
        foreach (var wrong in new[] { "state = BROKEN", "eab_key = \"accounts/x\"", "contact = \"a b\"", "colour = red" })
            Assert.Equal("filter", Assert.Single((await Assert.ThrowsAsync<RpcException>(async () => await CountAsync(wrong))).Fields()));
        Assert.Equal("filter", Assert.Single((await Assert.ThrowsAsync<RpcException>(async () => await accounts.ListEabKeysAsync(new() { Filter = "disabled = perhaps" }))).Fields()));
    }

    [Fact]
    public async Task Walk_OverManyAccounts_IsBoundedAndWhole()
    {
        const int many = AccountListStore.MostRead + 5000;
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        await house.AccountAsync();
        await house.Store.WriteAsync(session => session.Sql("""
            with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < @many)
            insert into accounts (id, provisioner_id, key_thumbprint, key_json, key_sha256, status, contacts, terms_agreed, eab_key_id, created_at, version)
            select 'x' || n, case when n % 9000 = 0 then 'rare' else 'acme' end, 't' || n, key_json, key_sha256, status, '', 0, case when n % 5000 = 0 then 'k' end, 1000 + n / 2, 1
            from numbers, (select * from accounts limit 1)
            """).With("many", many).ExecuteAsync(), Stop);

        var (pages, found) = (0, 0);
        AccountPosition? after = null;
        do
        {
            var page = await house.Store.ReadAsync(session => AccountListStore.ListAsync(session, AccountFilter.Read("provisioner = \"provisioners/rare\""), after, 1000), Stop);
            (pages, found, after) = (pages + 1, found + page.Rows.Count, page.ReadTo);
        }
        while (after is not null);
        var bound = await house.Store.ReadAsync(session => AccountListStore.ListAsync(session, AccountFilter.Read("eab_key = \"eabKeys/k\""), null, 1000), Stop);

        Assert.Equal((2, many / 9000), (pages, found));
        Assert.Equal((many / 5000, null), (bound.Rows.Count, bound.ReadTo));
    }
}

/// <summary>The same statements on PostgreSQL.</summary>
[Collection(PostgresGroup.Name)]
public sealed class PostgresAccountListTests(PostgresFixture postgres)
{
    [Theory]
    [InlineData("")]
    [InlineData("provisioner = \"provisioners/acme\" AND key_thumbprint = t")]
    [InlineData("state = PAUSED AND contact = \"mailto:me@net.test\"")]
    [InlineData("eab_key = \"eabKeys/guest\"")]
    public async Task Lists_AreRead(string filter)
    {
        var stop = TestContext.Current.CancellationToken;
        var options = new StoreOptions { Provider = StoreProvider.Postgresql, ConnectionFile = await postgres.Server.CreateDatabaseAsync() };
        await using var store = await StoreFactory.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, stop);
        var after = new AccountPosition(TimeProvider.System.GetUtcNow(), "x");

        var first = await store.ReadAsync(session => AccountListStore.ListAsync(session, AccountFilter.Read(filter), null, 10), stop);
        var next = await store.ReadAsync(session => AccountListStore.ListAsync(session, AccountFilter.Read(filter), after, 10), stop);
        var keys = await store.ReadAsync(session => EabKeyStore.ListAsync(session, "", 10, "acme", disabled: true), stop);

        Assert.Empty(first.Rows.Concat(next.Rows));
        Assert.Empty(keys);
        Assert.False(await store.ReadAsync(session => AccountStore.HasBoundAsync(session, "guest"), stop));
    }
}

using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Names;

public sealed class NameRuleStoreTests : IAsyncLifetime
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-names-");
    private IStore store = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => store = await StoreFactory.OpenAsync(
        new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "grpcca.db") }, TimeProvider.System, NullLoggerFactory.Instance, Stop);

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Rule_IsReadBackAsWritten()
    {
        var rule = Rules.Deny("ip:100.64.0.0/10") with { Comment = "not these; 'quoted' – ünïcode", ExpiresAt = Rules.Now.AddDays(1), Creator = "operators/alice" };

        await InsertAsync(rule);

        Assert.Equal(rule, await store.ReadAsync(session => NameRuleStore.FindAsync(session, rule.Id), Stop));
        Assert.Null(await store.ReadAsync(session => NameRuleStore.FindAsync(session, "none"), Stop));
    }

    [Fact]
    public async Task SameRule_Again_IsRefusedNamingTheFirst()
    {
        var first = Rules.Allow("subtree:net.gq");
        await InsertAsync(first);

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => InsertAsync(Rules.Allow("subtree:NET.gq")));

        Assert.Equal(RefusalReason.AlreadyExists, refusal.Reason);
        Assert.Contains($"nameRules/{first.Id}", refusal.Detail, StringComparison.Ordinal);
        // The other effect and another level are other rules.
        await InsertAsync(Rules.Deny("subtree:net.gq"));
        await InsertAsync(Rules.Allow("subtree:net.gq", "authorities/home"));
    }

    [Fact]
    public async Task List_PagesByLevelEffectAndPattern()
    {
        string[] patterns = ["exact:a.test", "exact:b.test", "ip:10.0.0.0/8", "label:test", "subtree:test"];
        foreach (var pattern in patterns.Reverse())
        {
            await InsertAsync(Rules.Deny(pattern));
            await InsertAsync(Rules.Allow(pattern));
            await InsertAsync(Rules.Allow(pattern, "authorities/home"));
        }

        var all = new List<NameRule>();
        NameRuleCursor? after = null;
        while (await PageAsync(after) is { Count: > 0 } page)
        {
            all.AddRange(page);
            after = NameRuleCursor.After(page[^1]);
        }

        var expected = new[] { "allow {0} of authorities/home", "allow {0} of provisioners/acme", "deny {0} of provisioners/acme" }
            .SelectMany(level => patterns.Select(pattern => string.Format(null, level, pattern)));
        Assert.Equal(expected, all.Select(rule => rule.ToString()));

        ValueTask<List<NameRule>> PageAsync(NameRuleCursor? from) => store.ReadAsync(session => NameRuleStore.ListAsync(session, 4, after: from), Stop);
    }

    [Fact]
    public async Task List_FiltersByLevelAndPattern()
    {
        await InsertAsync(Rules.Allow("subtree:test"));
        await InsertAsync(Rules.Allow("label:test"));
        await InsertAsync(Rules.Allow("subtree:test", "authorities/home"));

        var level = await store.ReadAsync(session => NameRuleStore.ListAsync(session, 10, level: "provisioners/acme"), Stop);
        var pattern = await store.ReadAsync(session => NameRuleStore.ListAsync(session, 10, pattern: "subtree:test"), Stop);
        var both = await store.ReadAsync(session => NameRuleStore.ListAsync(session, 10, "provisioners/acme", "subtree:test"), Stop);

        Assert.Equal((2, 2, 1), (level.Count, pattern.Count, both.Count));
    }

    [Fact]
    public async Task Book_SeesEveryChange()
    {
        var book = new NameBook(store);
        var rule = Rules.Allow("subtree:net.gq");

        Assert.False(await AllowedAsync());
        await InsertAsync(rule);
        Assert.True(await AllowedAsync());
        Assert.True(await store.WriteAsync(session => NameRuleStore.DeleteAsync(session, rule.Id), Stop));
        Assert.False(await AllowedAsync());
        Assert.False(await store.WriteAsync(session => NameRuleStore.DeleteAsync(session, rule.Id), Stop));

        async Task<bool> AllowedAsync()
        {
            var level = (await book.CurrentAsync(Stop)).Level("provisioners/acme", mandatory: true);
            return NamePolicy.Decide([level], Rules.Name("nas.net.gq"), Rules.Now).Allowed;
        }
    }

    [Fact]
    public async Task Level_WhoseLastRuleGoes_AllowsNothingUntilItIsUnset()
    {
        var book = new NameBook(store);
        var rule = Rules.Allow("exact:nas.net.gq", "accounts/a");
        await InsertAsync(Rules.Allow("subtree:net.gq"));

        Assert.True(await AllowedAsync("x.net.gq"));
        await InsertAsync(rule);
        Assert.False(await AllowedAsync("x.net.gq"));
        await store.WriteAsync(session => NameRuleStore.DeleteAsync(session, rule.Id), Stop);
        Assert.False(await AllowedAsync("x.net.gq"));
        Assert.False(await AllowedAsync("nas.net.gq"));
        Assert.Equal(0, await store.WriteAsync(session => NameLevelStore.UnsetAsync(session, "accounts/a"), Stop));
        Assert.True(await AllowedAsync("x.net.gq"));
        Assert.Null(await store.WriteAsync(session => NameLevelStore.UnsetAsync(session, "accounts/a"), Stop));

        async Task<bool> AllowedAsync(string name)
        {
            var rules = await book.CurrentAsync(Stop);
            return NamePolicy.Decide(
                [rules.Level("provisioners/acme", mandatory: true), rules.Level("accounts/a", mandatory: false)], Rules.Name(name), Rules.Now).Allowed;
        }
    }

    [Fact]
    public async Task ReplaceAllow_ChangesOnlyWhatDiffers()
    {
        await InsertAsync(Rules.Deny("exact:x.test"));
        await InsertAsync(Rules.Allow("subtree:other", "provisioners/nixos"));

        Assert.True(await ReplaceAsync("exact:localhost", "subtree:test"));
        var before = await ListAsync();
        Assert.False(await ReplaceAsync("subtree:test", "exact:localhost", "exact:localhost"));
        Assert.Equal(before, await ListAsync());
        Assert.True(await ReplaceAsync("subtree:test", "subtree:net.gq"));

        var after = await ListAsync();
        Assert.Equal(["allow subtree:net.gq", "allow subtree:test", "deny exact:x.test"], after.Select(rule => rule.ToString()[..^" of provisioners/acme".Length]));
        Assert.Contains(before.Single(rule => rule.Value == "test"), after);
        Assert.Single(await store.ReadAsync(session => NameRuleStore.ListAsync(session, 10, "provisioners/nixos"), Stop));
    }

    [Fact]
    public async Task ReplaceAllow_MakesARuleThatExpiresALastingOne()
    {
        await InsertAsync(Rules.Allow("subtree:test") with { ExpiresAt = Rules.Now.AddDays(1) });

        Assert.True(await ReplaceAsync("subtree:test"));

        Assert.Null(Assert.Single(await ListAsync()).ExpiresAt);
    }

    [Fact]
    public async Task Snapshot_HoldsMoreRulesThanAPage()
    {
        await store.WriteAsync(async session =>
        {
            for (var n = 0; n < 2001; n++) await NameRuleStore.InsertAsync(session, Rules.Allow($"exact:host{n}.test"));
            return 0;
        }, Stop);

        Assert.Equal(2001, (await store.ReadAsync(NameRuleStore.AllAsync, Stop)).Distinct().Count());
    }

    private Task<bool> ReplaceAsync(params string[] patterns) => store.WriteAsync(
        session => NameRuleStore.ReplaceAllowAsync(session, "provisioners/acme", patterns.Select(NameRulePattern.Parse), "system", Rules.Now), Stop);

    private ValueTask<List<NameRule>> ListAsync() => store.ReadAsync(session => NameRuleStore.ListAsync(session, 100, "provisioners/acme"), Stop);

    private Task<NameRule> InsertAsync(NameRule rule) => store.WriteAsync(async session =>
    {
        await NameRuleStore.InsertAsync(session, rule);
        return rule;
    }, Stop);
}

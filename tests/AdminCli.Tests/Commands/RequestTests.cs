using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Commands;

/// <summary>What the options become on the wire.</summary>
public sealed class RequestTests
{
    [Fact]
    public async Task CertificateList_AllFilters_AreOneQuotedExpression()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("certificate list --name NAS.net.gq. --state revoked -p acme --account ac1 --gateway home -a main --key-sha256 ab12 --profile server "
            + "--expires-before 7d --issued-since 24h --revoked-since 2026-11-01 --sort expiry");
        Assert.Equal("identifier = \"dns:nas.net.gq\" AND provisioner = \"provisioners/acme\" AND account = \"accounts/ac1\" AND gateway = \"gateways/home\" "
            + "AND authority = \"authorities/main\" AND public_key_sha256 = \"ab12\" AND state = REVOKED AND profile = \"profiles/server\" "
            + "AND expire_time < \"2026-11-30T12:00:00Z\" AND create_time >= \"2026-11-22T12:00:00Z\" AND revoke_time >= \"2026-11-01T00:00:00Z\"", fake.Request<ListCertificatesRequest>().Filter);
        Assert.Equal("expire_time", fake.Request<ListCertificatesRequest>().OrderBy);
    }

    [Fact]
    public async Task CertificateList_WhereSomeHaveLeftTheStore_SaysSo()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Data.Departed = new() { EndedUntil = Fakes.FakeData.At(-400), ArchivedCount = 12, DeletedCount = 3 };
        var run = await new Cli(fake).RunAsync("certificate list");
        Assert.Equal("certificates that ended by 2025-10-19 12:00:00Z have left the store: 12 into the archive, 3 for good\n", run.Error);
        Assert.Equal(run.Error, (await new Cli(fake).RunAsync("certificate list -o json")).Error);
        Assert.Empty((await new Cli(fake).RunAsync("certificate list --state valid")).Error);
    }

    [Fact]
    public async Task AccountLists_Filters_AreOneQuotedExpression()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("account list -p acme --state paused --eab-key guest --contact me@net.gq --key-thumbprint tp");
        await new Cli(fake).RunAsync("eab-key list -p acme --enabled");
        Assert.Equal("provisioner = \"provisioners/acme\" AND state = PAUSED AND eab_key = \"eabKeys/guest\" AND contact = \"mailto:me@net.gq\" AND key_thumbprint = \"tp\"",
            fake.Request<ListAccountsRequest>().Filter);
        Assert.Equal("provisioner = \"provisioners/acme\" AND disabled = false", fake.Request<ListEabKeysRequest>().Filter);
    }

    [Fact]
    public async Task EabKeyUpdate_OnlyWhatIsGiven_IsInTheMask()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("eab-key update guest --expires never --max-uses unlimited --etag e1");
        var request = fake.Request<UpdateEabKeyRequest>();
        Assert.Equal(["expire_time", "max_uses"], request.UpdateMask.Paths);
        Assert.Equal((null, -1, "e1"), (request.EabKey.ExpireTime, request.EabKey.MaxUses, request.EabKey.Etag));
    }

    [Fact]
    public async Task CertificateExpiring_IsAListByExpiry()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("certificate expiring --within 12h -p nixos");
        var request = fake.Request<ListCertificatesRequest>();
        Assert.Equal("state = VALID AND expire_time < \"2026-11-24T00:00:00Z\" AND provisioner = \"provisioners/nixos\"", request.Filter);
        Assert.Equal("expire_time", request.OrderBy);
    }

    [Theory]
    [InlineData("100.64.0.7", "identifier = \"ip:100.64.0.7\"")]
    [InlineData("fd7a:115c:a1e0::1", "identifier = \"ip:fd7a:115c:a1e0::1\"")]
    [InlineData("dns:x.net.gq", "identifier = \"dns:x.net.gq\"")]
    [InlineData("a\"b\\", "identifier = \"dns:a\\\"b\\\\\"")]
    [InlineData("*.net.gq", "identifier = \"dns:*.net.gq\"")]
    public async Task CertificateList_AnyName_StaysAValue(string name, string filter)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync(["certificate", "list", "--name", name]);
        Assert.Equal(filter, fake.Request<ListCertificatesRequest>().Filter);
    }

    [Fact]
    public async Task NamesAllow_OneOfTwoWrong_MakesNone()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("names allow exact:a.example exact:b..example -p acme");
        Assert.Equal(ExitCodes.Failed, run.ExitCode);
        Assert.Equal(2, fake.Data.NameRules.Count);
        Assert.All(fake.Requests.OfType<CreateNameRuleRequest>(), r => Assert.True(r.ValidateOnly));
    }

    [Fact]
    public async Task NamesAllow_Expires_IsTheFirstSecondOfTheDay()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("names allow exact:a.example -a main --expires 2026-12-31 --comment 'why not'");
        var rule = fake.Request<CreateNameRuleRequest>().NameRule;
        Assert.Equal(new DateTimeOffset(2026, 12, 31, 0, 0, 0, TimeSpan.Zero), rule.ExpireTime.ToDateTimeOffset());
        Assert.Equal("why not", rule.Comment);
        Assert.Equal("authorities/main", rule.Level);
        Assert.Equal(NameRule.Types.Effect.Allow, rule.Effect);
    }

    [Fact]
    public async Task GatewayUpdate_OnlyWhatIsGiven_IsInTheMask()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("gateway update home --provisioner nixos acme");
        var request = fake.Request<UpdateGatewayRequest>();
        Assert.Equal(["provisioners"], request.UpdateMask.Paths);
        Assert.Equal(["provisioners/nixos", "provisioners/acme"], request.Gateway.Provisioners);
        Assert.Equal("g1", request.Gateway.Etag);
    }

    [Fact]
    public async Task GatewayUpdate_NewBaseUrls_RetireTheOldOnes()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("gateway update lab --base-url https://lab https://lab.net.gq");
        var lab = fake.Data.Gateways.Single(g => g.Name == "gateways/lab");
        Assert.Equal(["https://lab", "https://lab.net.gq"], lab.BaseUrls);
        Assert.Equal(["https://ca.lab.net.gq:8443"], lab.RetiredBaseUrls);
    }

    [Fact]
    public async Task GatewayUpdate_Enable_UndoesDisable()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("gateway disable home");
        Assert.True(fake.Data.Gateways[0].Disabled);
        await new Cli(fake).RunAsync("gateway update home --enable");
        Assert.False(fake.Data.Gateways[0].Disabled);
        Assert.Equal(["https://ca.net.gq"], fake.Data.Gateways[0].BaseUrls);
    }

    [Fact]
    public async Task GatewayCreate_Table_EndsWithTheTokenAlone()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("gateway create new --base-url https://new.net.gq");
        Assert.Equal("grpcca1.x.y.z", run.Out.TrimEnd('\n').Split('\n')[^1]);
    }
}

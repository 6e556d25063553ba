using GrpcCa.AdminCli.Tests.Fakes;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Commands;

public sealed class RevokeTests
{
    private const string Line = "certificate revoke 5f3a90c1d2e4b6a7 --reason keyCompromise";

    [Theory]
    [InlineData("5f3a90c1")]
    [InlineData("5F3A90C1D2E4B6A7")]
    [InlineData("nas.net.gq")]
    public async Task Revoke_TypedWhatItIsAbout_Revokes(string typed)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake) { Terminal = true, Input = typed + "\n" }.RunAsync(Line);
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Contains("type 5f3a90c1 or a name of it", run.Error, StringComparison.Ordinal);
        var request = fake.Request<RevokeCertificateRequest>();
        Assert.Equal(RevocationReason.KeyCompromise, request.Reason);
        Assert.False(request.ValidateOnly);
        Assert.Equal(32, request.RequestId.Length);
    }

    [Theory]
    [InlineData("y")]
    [InlineData("")]
    [InlineData("6a000000")]
    public async Task Revoke_TypedSomethingElse_ChangesNothing(string typed)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake) { Terminal = true, Input = typed + "\n" }.RunAsync(Line);
        Assert.Equal(ExitCodes.Failed, run.ExitCode);
        Assert.Contains("nothing was changed", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(fake.Requests, r => r is RevokeCertificateRequest);
    }

    [Fact]
    public async Task Revoke_WithoutTerminalAndYes_SendsNothing()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync(Line);
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Empty(fake.Requests);
    }

    [Fact]
    public async Task Revoke_DryRun_OnlyValidates()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync(Line + " --dry-run");
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.True(fake.Request<RevokeCertificateRequest>().ValidateOnly);
        Assert.Equal(Certificate.Types.State.Valid, fake.Data.Certificates[0].State);
    }

    [Fact]
    public async Task RevokeMany_AfterThePreview_RevokesAsManyAsItShowed()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake) { Terminal = true, Input = "1\n" }.RunAsync("certificate revoke -p acme --gateway home --key-sha256 ab --name nas.net.gq --account a1 -a main --issued-since 24h --reason superseded");
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Contains("revoke 1 certificate, reason superseded", run.Error, StringComparison.Ordinal);
        Assert.Contains("5f3a90c1d2e4b6a7  nas.net.gq", run.Error, StringComparison.Ordinal);
        Assert.Equal("1 certificate revoked\n", run.Out);
        var requests = fake.Requests.OfType<BatchRevokeCertificatesRequest>().ToList();
        Assert.Equal([true, false], requests.Select(r => r.ValidateOnly));
        Assert.Equal((1, 32), (requests[1].ExpectedCount, requests[1].RequestId.Length));
        Assert.Equal(new CertificateSelector
        {
            Identifier = "dns:nas.net.gq", Account = "accounts/a1", Provisioner = "provisioners/acme", Gateway = "gateways/home", Authority = "authorities/main",
            PublicKeySha256 = "ab", IssuedFrom = FakeData.At(-1),
        }, requests[1].Selector);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("y")]
    public async Task RevokeMany_TypedSomethingElse_ChangesNothing(string typed)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake) { Terminal = true, Input = typed + "\n" }.RunAsync("certificate revoke --provisioner acme");
        Assert.Equal(ExitCodes.Failed, run.ExitCode);
        Assert.All(fake.Requests.OfType<BatchRevokeCertificatesRequest>(), r => Assert.True(r.ValidateOnly));
    }

    [Fact]
    public async Task RevokeMany_ByAScript_IsOneCall()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("certificate revoke 5f3a90c1d2e4b6a7 6a00000000000001 --expect 1 --yes");
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        var request = fake.Request<BatchRevokeCertificatesRequest>();
        Assert.Equal((1, false), (request.ExpectedCount, request.ValidateOnly));
        Assert.Equal(["certificates/5f3a90c1d2e4b6a7", "certificates/6a00000000000001"], request.Selector.Certificates);
    }

    [Theory]
    [InlineData("certificate revoke --yes")]
    [InlineData("certificate revoke 5f3a90c1d2e4b6a7 --provisioner acme --yes")]
    [InlineData("certificate revoke 5f3a90c1d2e4b6a7 --expect 1 --yes")]
    public async Task RevokeMany_ThatDoesNotSayWhich_SendsNothing(string line)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync(line);
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Empty(fake.Requests);
    }
}

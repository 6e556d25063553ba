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
}

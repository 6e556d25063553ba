using System.Text.Json;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Commands;

/// <summary>A watch prints a line for each event and outlives a server that goes away.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task Watch_OverARestart_PrintsEveryEventOnce_AndSaysWhereToGoOn()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("certificate watch --provisioner acme --name nas.net.gq --kind renewed revoked expiring --expiring-within 14d");

        Assert.Equal(ExitCodes.NotAllowed, run.ExitCode);
        Assert.Equal(
            "2026-11-23 00:00:00Z  renewed   5f3a90c1d2e4b6a7  nas.net.gq, files.net.gq  replaces 77\n"
            + "2026-11-23 00:00:00Z  revoked   6a00000000000001  old.net.gq  superseded, by operators/alice\n"
            + "2026-11-23 00:00:00Z  expiring  5f3a90c1d2e4b6a7  nas.net.gq, files.net.gq  until 2026-11-24 00:00:00Z\n", run.Out);
        Assert.Contains("the server is away (the server stops); trying again in 1s\n", run.Error, StringComparison.Ordinal);
        Assert.Contains("go on with --since t4\n", run.Error, StringComparison.Ordinal);
        var requests = fake.Requests.OfType<WatchCertificatesRequest>().ToList();
        Assert.Equal(["", "t2"], requests.Select(r => r.ResumeToken));
        Assert.Equal(("provisioners/acme", "dns:nas.net.gq", 14 * 86_400), (requests[1].Provisioner, requests[1].Identifier, requests[1].ExpiringWithin.Seconds));
        Assert.Equal([CertificateEvent.Types.Kind.Renewed, CertificateEvent.Types.Kind.Revoked, CertificateEvent.Types.Kind.Expiring], requests[1].Kinds);
    }

    [Fact]
    public async Task Watch_AsJson_IsALineEach()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("certificate watch --since t2 -o json");

        using var line = JsonDocument.Parse(run.Out);
        Assert.DoesNotContain('\n', run.Out.TrimEnd('\n'));
        Assert.Equal("t3", line.RootElement.GetProperty("resumeToken").GetString());
        Assert.Equal("KIND_EXPIRING", line.RootElement.GetProperty("event").GetProperty("kind").GetString());
    }

    [Theory]
    [InlineData("certificate watch --kind lost")]
    [InlineData("certificate watch --expiring-within soon")]
    public async Task Watch_WithAWrongWord_SendsNothing(string line)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        Assert.Equal(ExitCodes.Usage, (await new Cli(fake).RunAsync(line)).ExitCode);
        Assert.Empty(fake.Requests);
    }
}

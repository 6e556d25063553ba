using System.Net.Sockets;
using GrpcCa.AdminCli.Connection;
using GrpcCa.V1;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace GrpcCa.AdminCli.Tests.Connection;

public sealed class ReachTests
{
    [Fact]
    public async Task Server_StoppedWithItsSocketLeft_IsToldFromAMissingOne()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await fake.StopAsync();
        using (var stale = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            File.Delete(fake.Socket);
            stale.Bind(new UnixDomainSocketEndPoint(fake.Socket));
            // Bound and not listening is what a killed server leaves.
            var run = await new Cli(fake).RunAsync("status");
            Assert.Equal(ExitCodes.Unreachable, run.ExitCode);
            Assert.Contains("nobody listens on the socket DIR/.grpcca/admin.sock", run.Error, StringComparison.Ordinal);
            Assert.Contains("is ./run running?", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Socket_OfAnotherUser_SaysWhoMayOpenIt()
    {
        var failure = SocketFailures.Of(new SocketException((int)SocketError.AccessDenied), "/run/admin.sock");
        Assert.Equal(ExitCodes.NotAllowed, failure.ExitCode);
        Assert.Contains("/run/admin.sock", failure.Message, StringComparison.Ordinal);
        Assert.Contains("grpcca login", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_NotNamedAndNotHere_IsAskedFor()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await fake.StopAsync();
        Directory.Delete(Path.GetDirectoryName(fake.Socket)!, recursive: true);
        var run = await new Cli(fake).RunAsync("status");
        Assert.Equal(ExitCodes.Unreachable, run.ExitCode);
        Assert.Contains("./run", run.Error, StringComparison.Ordinal);
        Assert.Contains("--server", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:other.sock")]
    [InlineData("unix:~/other.sock")]
    public async Task Server_OfTheVariable_IsUsed(string address)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        File.CreateSymbolicLink(Path.Combine(fake.Directory, "other.sock"), fake.Socket);
        var cli = new Cli(fake);
        cli.Variables["GRPCCA_SERVER"] = address;
        var run = await cli.RunAsync("status");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("unix:DIR/other.sock", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatHangs_EndsAtTheTimeout()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Hangs = true;
        var run = await new Cli(fake).RunAsync("provisioner list --timeout 1s");
        Assert.Equal(ExitCodes.Unreachable, run.ExitCode);
        Assert.Contains("did not answer in time", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_Interrupted_EndsWith130AndSaysNothing()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Hangs = true;
        using var interrupt = new CancellationTokenSource();
        var running = new Cli(fake).RunAsync("provisioner list", interrupt.Token);
        await Waiting.UntilAsync(() => fake.Requests.OfType<ListProvisionersRequest>().Any());
        await interrupt.CancelAsync();
        Assert.Equal(new Run(ExitCodes.Interrupted, "", ""), await running);
    }

    [Fact]
    public async Task Status_OfAServerThatIsNotHealthy_Fails()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Health = HealthStatus.Unhealthy;
        var run = await new Cli(fake).RunAsync("status");
        Assert.Equal(ExitCodes.Failed, run.ExitCode);
        Assert.Contains("NOT_SERVING", run.Out, StringComparison.Ordinal);
    }
}

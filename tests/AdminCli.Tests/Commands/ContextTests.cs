using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Commands;

/// <summary>Which server a command goes to when contexts are about, and where they are kept.</summary>
public sealed class ContextTests
{
    [Fact]
    public async Task Add_File_IsItsOwnersAlone()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        Assert.Equal(ExitCodes.Ok, (await new Cli(fake).RunAsync("context add home --server ca.net.gq:14443")).ExitCode);
        var file = Path.Combine(fake.Directory, ".config", "grpcca", "contexts.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
    }

    [Theory]
    [InlineData("", "", "", "nowhere")]
    [InlineData("there", "", "", "")]
    [InlineData("", "--context there", "", "")]
    [InlineData("", "--server unix:.grpcca/admin.sock", "", "")]
    [InlineData("nowhere", "", "unix:.grpcca/admin.sock", "")]
    [InlineData("there", "--context nowhere", "unix:.grpcca/admin.sock", "nowhere")]
    public async Task Command_SeveralSayWhere_TheNearestWins(string variable, string option, string server, string unreachable)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var cli = new Cli(fake);
        await cli.RunAsync("context add nowhere --server unix:/nowhere");
        await cli.RunAsync("context add there --server unix:.grpcca/admin.sock");
        cli.Variables["GRPCCA_CONTEXT"] = variable;
        cli.Variables["GRPCCA_SERVER"] = server;
        var run = await cli.RunAsync("provisioner list " + option);
        Assert.Equal(unreachable.Length == 0 ? ExitCodes.Ok : ExitCodes.Unreachable, run.ExitCode);
        Assert.Equal(unreachable.Length == 0, fake.Requests.OfType<ListProvisionersRequest>().Any());
    }

    [Fact]
    public async Task File_Damaged_IsNamed()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var file = Path.Combine(fake.Directory, ".config", "grpcca", "contexts.json");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, "{\"contexts\": 3}");
        var run = await new Cli(fake).RunAsync("context list");
        Assert.Equal(ExitCodes.Failed, run.ExitCode);
        Assert.Contains("contexts.json is damaged", run.Error, StringComparison.Ordinal);
    }
}

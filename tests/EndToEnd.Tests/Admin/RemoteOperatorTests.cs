namespace GrpcCa.EndToEnd.Tests.Admin;

/// <summary>The CLI from another computer: a token, a key made there, a client certificate; and an end to it.</summary>
public sealed class RemoteOperatorTests
{
    private const int NotAllowed = 4;

    [Fact]
    public async Task Operator_LogsInByToken_WorksRemotely_AndIsRefusedOnceDisabled()
    {
        await using var instance = await RunningInstance.StartAsync();
        using var home = new TemporaryDirectory();
        var server = $"127.0.0.1:{instance.Options.GrpcPort}";

        var created = await instance.AdminAsync("operator", "create", "alice", "--role", "operator");
        Assert.True(created.ExitCode == 0, created.Said);
        var login = await CliAsync(home, created.Output.TrimEnd().Split('\n')[^1] + "\n", "login", "--token-file", "-");
        Assert.True(login.ExitCode == 0, login.Said);
        var status = await CliAsync(home, "", "--server", server, "status");
        Assert.True(status.ExitCode == 0, status.Said);
        Assert.Contains("serving", status.Output);
        var forbidden = await CliAsync(home, "", "--server", server, "operator", "create", "bob", "--role", "auditor");
        var disabled = await instance.AdminAsync("operator", "disable", "alice");
        Assert.True(disabled.ExitCode == 0, disabled.Said);
        var refused = await CliAsync(home, "", "--server", server, "certificate", "list");
        var stranger = await CliAsync(new TemporaryDirectory(), "", "--server", server, "certificate", "list");

        Assert.Equal(NotAllowed, forbidden.ExitCode);
        Assert.Equal(NotAllowed, refused.ExitCode);
        Assert.NotEqual(0, stranger.ExitCode);
        instance.AssertLogsWithoutStacks();
    }

    private static Task<ProgramRun> CliAsync(TemporaryDirectory home, string input, params string[] arguments) =>
        ProgramRun.OfAsync(SourceTree.At("grpcca"), [.. arguments, "--identity", home.At("identity")], home.Path, input: input);
}

using System.Diagnostics;

namespace GrpcCa.AdminCli.Tests.Completion;

public sealed class ShellTests
{
    [Theory]
    [InlineData("grpcca prov", "provisioner")]
    [InlineData("grpcca names allow exact:x --provisioner ", "acme nixos")]
    [InlineData("grpcca certificate show 5", "5f3a90c1d2e4b6a7")]
    public async Task Bash_TabPressed_OffersWhatFits(string line, string offered)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var script = (await new Cli(fake).RunAsync("completion bash")).Out;
        // A loaded machine may need more than the usual second.
        // What bash itself does at a tab: the words of the line, and which of them the cursor is in.
        var words = line.Split(' ');
        var run = await BashAsync(fake, $"""
            grpcca() {'{'} {Program} "$1" --timeout 1m "${'{'}@:2{'}'}"; {'}'}
            {script}
            COMP_WORDS=({string.Join(' ', words.Select(w => $"'{w}'"))})
            COMP_CWORD={words.Length - 1}
            _grpcca
            echo "$(complete -p grpcca): ${'{'}COMPREPLY[*]{'}'}"
            """);
        Assert.Equal(new Run(0, $"complete -o default -F _grpcca grpcca: {offered}\n", ""), run);
    }

    [Fact]
    public async Task Complete_ServerSilent_OffersNothingAfterASecond()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Hangs = true;
        var run = await new Cli(fake).RunAsync(["complete", "--", "provisioner", "show", ""]).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(new Run(0, "", ""), run);
    }

    [Theory]
    [InlineData("zsh", "compdef _grpcca grpcca")]
    [InlineData("fish", "complete -c grpcca")]
    public async Task Script_OfOtherShells_AsksTheProgram(string shell, string registration)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("completion " + shell);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(registration, run.Out, StringComparison.Ordinal);
        Assert.Contains("complete -- ", run.Out, StringComparison.Ordinal);
    }

    private static string Program => Environment.GetEnvironmentVariable("GRPCCA_CLI") ?? $"dotnet exec '{Path.Combine(AppContext.BaseDirectory, "grpcca.dll")}'";

    private static async Task<Run> BashAsync(FakeControlPlane fake, string script)
    {
        var start = new ProcessStartInfo("bash") { WorkingDirectory = fake.Directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        start.Environment["HOME"] = fake.Directory;
        start.Environment.Remove("GRPCCA_SERVER");
        start.Environment.Remove("GRPCCA_CONTEXT");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Run(process.ExitCode, await output, await error);
    }
}

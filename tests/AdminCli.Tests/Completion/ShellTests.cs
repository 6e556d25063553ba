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

    // fish's own engine: what a tab would show, with the script sourced.
    [Theory]
    [InlineData("grpcca prov", "provisioner")]
    [InlineData("grpcca names allow exact:x --provisioner ", "acme nixos")]
    [InlineData("grpcca certificate show 5", "5f3a90c1d2e4b6a7")]
    [InlineData("grpcca certificate rek", "rekey")]
    public async Task Fish_TabPressed_OffersWhatFits(string line, string offered)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await WriteProgramAsync(fake, (await new Cli(fake).RunAsync("completion fish")).Out);
        var run = await ShellAsync(fake, "fish", $"""
            set -x PATH {fake.Directory}/bin $PATH
            source {fake.Directory}/completion
            complete -C '{line}' | string split -f1 \t; true
            """);
        Assert.Equal(new Run(0, string.Join('\n', offered.Split(' ')) + "\n", ""), run);
    }

    // A real zsh at a real terminal (zpty), in which a tab is pressed twice: the line is completed, or the choices are listed.
    [Theory]
    [InlineData("grpcca prov", "grpcca provisioner")]
    [InlineData("grpcca names allow exact:x --provisioner ", "acme nixos")]
    [InlineData("grpcca certificate show 5", "grpcca certificate show 5f3a90c1d2e4b6a7")]
    [InlineData("grpcca certificate rek", "grpcca certificate rekey")]
    public async Task Zsh_TabPressed_OffersWhatFits(string line, string offered)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await WriteProgramAsync(fake, (await new Cli(fake).RunAsync("completion zsh")).Out);
        var run = await ShellAsync(fake, "zsh", $$"""
            zmodload zsh/zpty
            zpty inner zsh -f -i
            zpty -w inner "PATH={{fake.Directory}}/bin:\$PATH; PS1=; unsetopt zle_bracketed_paste; zstyle ':completion:*' list-colors ''; autoload -Uz compinit; compinit -u -D; source {{fake.Directory}}/completion; print -r -- rea''dy"
            zpty -r inner said '*ready*'
            zpty -w -n inner '{{line}}'$'\t\t'
            seen=
            for i in {1..600}; do
              while zpty -rt inner said; do seen+=$said; done
              plain=${${seen//[^[:print:] ]/ }//  ##/ }
              for word in {{offered}}; do [[ $plain == *"$word"* ]] || { word=; break }; done
              [[ -n $word ]] && break
              sleep 0.1
            done
            zpty -d inner
            [[ -n $word ]] && print -r -- found || print -r -- "$plain"
            """);
        Assert.Equal(new Run(0, "found\n", ""), run);
    }

    // The scripts ask the program by the name that the line begins with.
    private static async Task WriteProgramAsync(FakeControlPlane fake, string script)
    {
        Directory.CreateDirectory(Path.Combine(fake.Directory, "bin"));
        var program = Path.Combine(fake.Directory, "bin", "grpcca");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nverb=$1; shift; exec {Program} \"$verb\" --timeout 1m \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(Path.Combine(fake.Directory, "completion"), script);
    }

    private static string Program => Environment.GetEnvironmentVariable("GRPCCA_CLI") ?? $"dotnet exec '{Path.Combine(AppContext.BaseDirectory, "grpcca.dll")}'";

    private static Task<Run> BashAsync(FakeControlPlane fake, string script) => ShellAsync(fake, "bash", script);

    private static async Task<Run> ShellAsync(FakeControlPlane fake, string shell, string script)
    {
        var start = new ProcessStartInfo(shell) { WorkingDirectory = fake.Directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        start.Environment["HOME"] = fake.Directory;
        start.Environment["TERM"] = "vt100";
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

using System.CommandLine;

namespace GrpcCa.AdminCli.Commands.Completion;

/// <summary><c>grpcca completion bash|zsh|fish</c></summary>
internal sealed class CompletionVerb : Verb
{
    public CompletionVerb() : base("completion", "Prints a script that completes commands, options and ids in a shell. Ids are asked from the server, for a second at most.")
    {
        Shell.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var word }] && !ShellScripts.All.ContainsKey(word)) result.AddError($"'{word}' is none of {string.Join(", ", ShellScripts.All.Keys)}");
        });
        Shell.CompletionSources.Add([.. ShellScripts.All.Keys]);
        Add(Shell);
    }

    public Argument<string> Shell { get; } = new("shell") { Description = "bash, zsh or fish" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca completion bash > ~/.local/share/bash-completion/completions/grpcca",
        "grpcca completion zsh > ~/.zfunc/_grpcca",
        "grpcca completion fish > ~/.config/fish/completions/grpcca.fish",
    ];

    protected override Task<int> RunAsync(CommandContext context)
    {
        context.Printer.Line(ShellScripts.All[context.Get(Shell)]);
        return Task.FromResult(ExitCodes.Ok);
    }
}

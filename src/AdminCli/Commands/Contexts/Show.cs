using System.CommandLine;
using GrpcCa.AdminCli.Connection;

namespace GrpcCa.AdminCli.Commands.Contexts;

/// <summary><c>grpcca context show [NAME]</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One context; without a name, the one that commands use.") => Add(Target);

    public Argument<string?> Target { get; } = new("name") { Description = "The context's name", Arity = ArgumentArity.ZeroOrOne };

    public override IReadOnlyList<string> Examples => ["grpcca context show", "grpcca context show home"];

    protected override Task<int> RunAsync(CommandContext context)
    {
        var book = ContextBook.Load(context.Environment);
        var server = book.Find(context.Get(Target) ?? context.NamedContext) ?? throw CliFailure.NotFound("no context is chosen", "choose one with 'grpcca context use NAME'");
        ContextText.Print(context, server, book.Current);
        return Task.FromResult(ExitCodes.Ok);
    }
}

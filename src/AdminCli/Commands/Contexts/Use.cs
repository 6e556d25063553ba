using System.CommandLine;
using GrpcCa.AdminCli.Connection;

namespace GrpcCa.AdminCli.Commands.Contexts;

/// <summary><c>grpcca context use NAME</c></summary>
internal sealed class Use : Verb
{
    public Use() : base("use", "Makes a context the current one: commands go to its server from now on.") => Add(Target);

    public Argument<string> Target { get; } = new("name") { Description = "The context's name" };

    public override IReadOnlyList<string> Examples => ["grpcca context use home"];

    protected override Task<int> RunAsync(CommandContext context)
    {
        var book = ContextBook.Load(context.Environment);
        var server = book.Find(context.Get(Target))!;
        book.Use(server.Name);
        book.Save();
        ContextText.Print(context, server, book.Current);
        return Task.FromResult(ExitCodes.Ok);
    }
}

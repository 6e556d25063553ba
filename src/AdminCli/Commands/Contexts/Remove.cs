using System.CommandLine;
using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Connection;

namespace GrpcCa.AdminCli.Commands.Contexts;

/// <summary><c>grpcca context remove NAME</c></summary>
internal sealed class Remove : Verb
{
    public Remove() : base("remove", "Forgets a context. Its identity directory stays.") => Add(Target);

    public Argument<string> Target { get; } = new("name") { Description = "The context's name" };

    public override IReadOnlyList<string> Examples => ["grpcca context remove lab"];

    protected override Task<int> RunAsync(CommandContext context)
    {
        var book = ContextBook.Load(context.Environment);
        var server = book.Find(context.Get(Target))!;
        book.Remove(server.Name);
        book.Save();
        if (context.Printer.IsDocument) context.Printer.Document(new JsonObject { ["removed"] = new JsonArray((JsonNode)server.Name) });
        else context.Printer.Line($"removed {server.Name}");
        return Task.FromResult(ExitCodes.Ok);
    }
}

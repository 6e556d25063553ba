using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Connection;
using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli.Commands.Contexts;

/// <summary><c>grpcca context list</c></summary>
internal sealed class List() : Verb("list", "All contexts; the current one has a star.")
{
    public override IReadOnlyList<string> Examples => ["grpcca context list"];

    protected override Task<int> RunAsync(CommandContext context)
    {
        var book = ContextBook.Load(context.Environment);
        if (context.Printer.IsDocument)
        {
            var contexts = new JsonArray();
            foreach (var server in book.Servers) contexts.Add((JsonNode)ContextText.ToJson(server, book.Current));
            context.Printer.Document(new JsonObject { ["contexts"] = contexts, ["truncated"] = false });
        }
        else if (book.Servers.Count == 0) context.Printer.Note("no contexts");
        else
        {
            context.Printer.Table<NamedServer>(
            [
                new("Current", s => s.Name == book.Current ? new("*", Tone.Good) : new("")),
                new("Context", s => s.Name),
                new("Server", s => s.Server),
                new("Identity", s => s.Identity.Length == 0 ? ContextText.UsualIdentity : s.Identity),
            ], book.Servers);
        }
        return Task.FromResult(ExitCodes.Ok);
    }
}

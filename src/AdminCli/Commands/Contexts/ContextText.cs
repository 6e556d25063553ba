using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Connection;
using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli.Commands.Contexts;

/// <summary>A context as it is printed.</summary>
internal static class ContextText
{
    public const string UsualIdentity = "the usual one";

    public static JsonObject ToJson(NamedServer server, string current) => new()
    {
        ["name"] = server.Name,
        ["server"] = server.Server,
        ["identity"] = server.Identity,
        ["current"] = server.Name == current,
    };

    public static void Print(CommandContext context, NamedServer server, string current)
    {
        if (context.Printer.IsDocument) context.Printer.Document(ToJson(server, current));
        else
        {
            context.Printer.Fields(
            [
                new("Context", server.Name),
                new("Server", server.Server),
                new("Identity", Cell.Of(server.Identity.Length == 0 ? [] : [server.Identity], UsualIdentity)),
                new("Current", server.Name == current ? new("yes", Tone.Good) : new("no")),
            ]);
        }
    }
}

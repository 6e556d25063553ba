using System.Text.Json.Nodes;
using System.CommandLine;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names unset-level</c>: the level leaves names to the other levels again.</summary>
internal sealed class UnsetLevel : Verb
{
    public UnsetLevel() : base("unset-level", "Removes all rules of a level, which then leaves names to the other levels: what it refused is open again. Not for provisioners.")
    {
        Level.AddTo(this, required: true);
        Add(Yes);
    }

    public LevelOptions Level { get; } = new();

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask" };

    public override IReadOnlyList<string> Examples => ["grpcca names unset-level --eab-key guest", "grpcca names unset-level --authority main --yes"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var level = Level.Of(context)!;
        if (!context.Get(Yes))
        {
            Confirmation.RequireTerminal(context);
            context.Printer.Note($"{level} loses all its rules, its deny rules too, and refuses nothing any more");
            Confirmation.Typed(context, $"type {level} to go on: ", [level]);
        }
        await context.AboutAsync(level, new NameService.NameServiceClient(context.Server).UnsetNameLevelAsync(new() { Level = level }, context.Call));
        if (context.Printer.IsDocument) context.Printer.Document(new JsonObject { ["unset"] = level });
        else context.Printer.Line($"{level} has no say of its own any more");
        return ExitCodes.Ok;
    }
}

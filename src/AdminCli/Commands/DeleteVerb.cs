using System.CommandLine;
using System.Text.Json.Nodes;
using Grpc.Core;

namespace GrpcCa.AdminCli.Commands;

/// <summary>A verb that removes one thing for good: a person types its id, a script says --yes.</summary>
internal abstract class DeleteVerb : Verb
{
    private readonly string collection;
    private readonly string noun;

    protected DeleteVerb(string collection, string noun, string description) : base("delete", description)
    {
        this.collection = collection;
        this.noun = noun;
        Add(Target);
        Add(Yes);
    }

    public Argument<string> Target { get; } = new("id") { Description = "Which one" };

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask" };

    /// <summary>What to do about a server that refuses because the thing is in use; null when there is nothing to say.</summary>
    protected virtual string? HintOf(CommandContext context) => null;

    protected abstract AsyncUnaryCall<Google.Protobuf.WellKnownTypes.Empty> Send(CommandContext context, string name);

    /// <summary>Reads the thing, so that nobody is asked about one that does not exist.</summary>
    protected abstract Task ReadAsync(CommandContext context, string name);

    protected sealed override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(collection, context.Get(Target));
        if (!context.Get(Yes))
        {
            Confirmation.RequireTerminal(context);
            await ReadAsync(context, name);
            context.Printer.Note($"delete the {noun} {Ids.Short(name)}; this cannot be undone");
            Confirmation.Typed(context, $"type {Ids.Short(name)} to go on: ", [Ids.Short(name)]);
        }
        try
        {
            await context.AboutAsync(name, Send(context, name));
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.FailedPrecondition && HintOf(context) is not null)
        {
            throw context.FailureOf(refused).WithHint(HintOf(context)!);
        }
        if (context.Printer.IsDocument) context.Printer.Document(new JsonObject { ["deleted"] = name });
        else context.Printer.Line($"deleted {Ids.Short(name)}");
        return ExitCodes.Ok;
    }
}

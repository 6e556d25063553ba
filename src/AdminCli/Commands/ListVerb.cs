using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli.Commands;

/// <summary>A verb that prints all of something, page by page up to a limit.</summary>
internal abstract class ListVerb<T> : Verb where T : IMessage
{
    protected ListVerb(string description, string name = "list") : base(name, description) => Add(Limit);

    public Option<int> Limit { get; } = new("--limit")
    {
        Description = "Print at most so many",
        HelpName = "N",
        DefaultValueFactory = _ => 100,
        CustomParser = result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0) return n;
            result.AddError($"--limit takes a whole number above 0, not '{string.Join(' ', result.Tokens)}'");
            return 0;
        },
    };

    /// <summary>What the list is called in JSON; the name of the repeated field in the API's answer.</summary>
    protected abstract string Member { get; }

    protected abstract IReadOnlyList<Column<T>> Columns(CommandContext context);

    /// <summary>Prepares the walk: reads the options once and answers with what fetches a page.</summary>
    protected abstract Func<int, string, Task<Page<T>>> Fetch(CommandContext context);

    /// <summary>What the person should know besides, once the list is printed.</summary>
    protected virtual string? Remark => null;

    protected sealed override async Task<int> RunAsync(CommandContext context)
    {
        await context.Printer.ListAsync(Member, Columns(context), new PagedList<T>(Fetch(context), context.Get(Limit)));
        if (Remark is { } remark) context.Printer.Note(remark);
        return ExitCodes.Ok;
    }
}

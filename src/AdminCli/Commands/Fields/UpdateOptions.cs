using System.CommandLine;
using FieldMask = Google.Protobuf.WellKnownTypes.FieldMask;

namespace GrpcCa.AdminCli.Commands.Fields;

/// <summary>What every <c>update</c> of listed fields has: <c>--clear</c>, <c>--etag</c>, and that something has to be said.</summary>
internal sealed class UpdateOptions<T>(SettingList<T> settings)
{
    public Option<string[]> Clear { get; } = new Option<string[]>("--clear")
    {
        Description = "Fields to unset: " + string.Join(", ", settings.ClearWords),
        HelpName = "FIELD",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    }.OneOf(settings.ClearWords);

    public Option<string?> Etag { get; } = new("--etag") { Description = "Change it only if its etag is still this one", HelpName = "ETAG" };

    public void AddTo(Command command)
    {
        settings.AddTo(command);
        command.Add(Clear);
        command.Add(Etag);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Clear) is null && settings.Options.All(o => result.GetResult(o) is null or { Implicit: true }))
                result.AddError("say what to change, by the options of fields or --clear FIELD");
        });
    }

    public bool Clears(CommandContext context, string word) => context.Has(Clear) && context.Get(Clear).Contains(word, StringComparer.OrdinalIgnoreCase);

    /// <summary>Puts the changes into the resource and answers with their mask, each field once.</summary>
    public FieldMask Mask(CommandContext context, T target)
    {
        var paths = new SortedSet<string>(settings.Apply(context, target), StringComparer.Ordinal);
        paths.UnionWith(settings.Cleared(context, context.Has(Clear) ? context.Get(Clear) : []));
        var mask = new FieldMask();
        mask.Paths.Add(paths);
        return mask;
    }
}

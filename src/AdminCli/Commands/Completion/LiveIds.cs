using System.CommandLine;
using System.CommandLine.Completions;
using GrpcCa.Protocol;

namespace GrpcCa.AdminCli.Commands.Completion;

/// <summary>Says which options and arguments take an id of which collection, for the whole command tree at once.</summary>
internal static class LiveIds
{
    /// <summary>The kind of a completion that stands for the ids of a collection, which only the server knows.</summary>
    public const string Kind = "live";

    private static readonly Dictionary<string, string> OfOption = new(StringComparer.Ordinal)
    {
        ["--provisioner"] = ResourceName.Provisioners,
        ["--authority"] = ResourceName.Authorities,
        ["--gateway"] = ResourceName.Gateways,
        ["--account"] = ResourceName.Accounts,
        ["--eab-key"] = ResourceName.EabKeys,
        ["--profile"] = ResourceName.Profiles,
        ["--offer"] = ResourceName.Profiles,
        ["--context"] = ContextNames,
    };

    private static readonly Dictionary<string, string> OfNoun = new(StringComparer.Ordinal)
    {
        ["provisioner"] = ResourceName.Provisioners,
        ["profile"] = ResourceName.Profiles,
        ["certificate"] = ResourceName.Certificates,
        ["order"] = ResourceName.Orders,
        ["account"] = ResourceName.Accounts,
        ["eab-key"] = ResourceName.EabKeys,
        ["gateway"] = ResourceName.Gateways,
        ["operator"] = ResourceName.Operators,
        ["webhook"] = ResourceName.Webhooks,
        ["authority"] = ResourceName.Authorities,
        ["crl"] = ResourceName.Crls,
        ["context"] = ContextNames,
    };

    /// <summary>Not a collection of the server: the contexts of this computer.</summary>
    public const string ContextNames = "contexts";

    public static void AddTo(Command command)
    {
        foreach (var option in command.Options)
            if (OfOption.TryGetValue(option.Name, out var collection)) option.CompletionSources.Add(_ => [new CompletionItem(collection, Kind)]);
        foreach (var argument in command.Arguments)
        {
            if (CollectionOf(command, argument) is not { } collection) continue;
            // Help would print the completions in the place of the name.
            argument.HelpName ??= argument.Name;
            argument.CompletionSources.Add(_ => [new CompletionItem(collection, Kind)]);
        }
        foreach (var child in command.Subcommands) AddTo(child);
    }

    private static string? CollectionOf(Command command, Argument argument)
    {
        if (argument.Name == "rule-id") return ResourceName.NameRules;
        // What is created has a new id.
        if (command.Name is "create" or "add" || argument.Name is not ("id" or "name" or "serial")) return null;
        return command.Parents.OfType<Command>().Select(noun => OfNoun.GetValueOrDefault(noun.Name)).FirstOrDefault();
    }
}

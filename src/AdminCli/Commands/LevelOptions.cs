using System.CommandLine;
using System.CommandLine.Parsing;
using GrpcCa.Protocol;

namespace GrpcCa.AdminCli.Commands;

/// <summary>The level a name rule belongs to: a provisioner, an authority, an account, an EAB key, an operator; never two.</summary>
internal sealed class LevelOptions
{
    public const string Choices = "--provisioner, --authority, --account, --eab-key or --operator";

    public Option<string?> Provisioner { get; } = new("--provisioner", "-p") { Description = "The level: a provisioner's id", HelpName = "ID" };

    public Option<string?> Authority { get; } = new("--authority", "-a") { Description = "The level: an authority's id", HelpName = "ID" };

    public Option<string?> Account { get; } = new("--account") { Description = "The level: an ACME account's id", HelpName = "ID" };

    public Option<string?> EabKey { get; } = new("--eab-key") { Description = "The level: an EAB key's id; holds for every account that it bound", HelpName = "ID" };

    public Option<string?> Operator { get; } = new("--operator") { Description = "The level: an operator's or tool's id; holds for what it issues by itself", HelpName = "ID" };

    private IReadOnlyList<Option<string?>> All => [Provisioner, Authority, Account, EabKey, Operator];

    public void AddTo(Command command, bool required)
    {
        foreach (var option in All) command.Add(option);
        command.Validators.Add(result =>
        {
            var given = All.Count(o => result.GetResult(o) is not null);
            if (given > 1) result.AddError($"say one of {Choices}, not several");
            if (given == 0 && required) result.AddError($"say whose rule it is with {Choices}");
        });
    }

    public bool IsIn(CommandResult result) => All.Any(o => result.GetResult(o) is not null);

    /// <summary>The level's resource name; null when none was given.</summary>
    public string? Of(CommandContext context) =>
        Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner))
        ?? Ids.NameOrNull(ResourceName.Authorities, context.Get(Authority))
        ?? Ids.NameOrNull(ResourceName.Accounts, context.Get(Account))
        ?? Ids.NameOrNull(ResourceName.EabKeys, context.Get(EabKey))
        ?? Ids.NameOrNull(ResourceName.Operators, context.Get(Operator));
}

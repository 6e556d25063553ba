using System.CommandLine;
using GrpcCa.Protocol;

namespace GrpcCa.AdminCli.Commands;

/// <summary>The level a name rule belongs to: <c>--provisioner X</c> or <c>--authority X</c>, never both.</summary>
internal sealed class LevelOptions
{
    public Option<string?> Provisioner { get; } = new("--provisioner", "-p") { Description = "The level: a provisioner's id", HelpName = "ID" };

    public Option<string?> Authority { get; } = new("--authority", "-a") { Description = "The level: an authority's id", HelpName = "ID" };

    public void AddTo(Command command, bool required)
    {
        command.Add(Provisioner);
        command.Add(Authority);
        command.Validators.Add(result =>
        {
            var given = (result.GetResult(Provisioner) is null ? 0 : 1) + (result.GetResult(Authority) is null ? 0 : 1);
            if (given > 1) result.AddError("say --provisioner or --authority, not both");
            if (given == 0 && required) result.AddError("say whose rule it is with --provisioner ID or --authority ID");
        });
    }

    /// <summary>The level's resource name; null when none was given.</summary>
    public string? Of(CommandContext context) =>
        Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)) ?? Ids.NameOrNull(ResourceName.Authorities, context.Get(Authority));
}

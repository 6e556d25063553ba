using System.CommandLine;

namespace GrpcCa.AdminCli.Commands.Fields;

/// <summary>A field of a resource that an option sets, and what it is called in an update mask.</summary>
/// <param name="Option">The option.</param>
/// <param name="Path">The field in a mask, such as <c>acme.caa</c>.</param>
/// <param name="Clearable">Whether <c>--clear</c> may unset it.</param>
/// <param name="Apply">Puts the option's value into the resource.</param>
internal sealed record Setting<T>(Option Option, string Path, bool Clearable, Action<CommandContext, T> Apply)
{
    /// <summary>What <c>--clear</c> calls it: the option without its dashes.</summary>
    public string Word => Option.Name[2..];
}

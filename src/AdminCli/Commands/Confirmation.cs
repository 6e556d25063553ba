namespace GrpcCa.AdminCli.Commands;

/// <summary>Lets a person type what a dangerous act is about; without a terminal the act needs --yes.</summary>
internal static class Confirmation
{
    /// <exception cref="CliFailure">Nobody is there to be asked.</exception>
    public static void RequireTerminal(CommandContext context)
    {
        if (!context.Environment.InIsTerminal) throw CliFailure.Usage("nobody can be asked without a terminal: say --yes");
    }

    /// <exception cref="CliFailure">Something else was typed.</exception>
    public static void Typed(CommandContext context, string prompt, IReadOnlyList<string> accepted)
    {
        context.Environment.Error.Write(prompt);
        context.Environment.Error.Flush();
        var typed = context.Environment.In.ReadLine()?.Trim() ?? "";
        if (!accepted.Contains(typed, StringComparer.OrdinalIgnoreCase))
            throw new CliFailure(ExitCodes.Failed, "CANCELLED", "not confirmed: nothing was changed");
    }
}

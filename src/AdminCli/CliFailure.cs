namespace GrpcCa.AdminCli;

/// <summary>Which field of a request is wrong, and why.</summary>
internal sealed record FieldFault(string Field, string Description);

/// <summary>
/// The only way a command says that it did not work: what the person reads, what a script reads, and the exit code.
/// </summary>
internal sealed class CliFailure(int exitCode, string code, string message, string? hint = null, Exception? cause = null) : Exception(message, cause)
{
    public int ExitCode => exitCode;

    /// <summary>A word for scripts: the gRPC status in capitals, or USAGE, UNREACHABLE, IDENTITY, FILE.</summary>
    public string Code => code;

    /// <summary>The reason of the server's ErrorInfo; empty when it gave none.</summary>
    public string Reason { get; init; } = "";

    public IReadOnlyList<FieldFault> Fields { get; init; } = [];

    /// <summary>What to do about it; null when there is nothing to say.</summary>
    public string? Hint => hint;

    public static CliFailure Usage(string message, string? hint = null) => new(ExitCodes.Usage, "USAGE", message, hint);

    public static CliFailure NotFound(string message, string? hint = null) => new(ExitCodes.NotFound, "NOT_FOUND", message, hint);

    /// <summary>The same failure with another hint.</summary>
    public CliFailure WithHint(string text) => new(ExitCode, Code, Message, text, InnerException) { Reason = Reason, Fields = Fields };
}

using System.CommandLine;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>--trust</c>: reaching a remote server without a login, by the fingerprint of its identity root.</summary>
internal static class TrustOption
{
    public static Option<string?> New() => new("--trust")
    {
        Description = "Reach a remote server without a login: SHA-256 of its identity root, hexadecimal ('grpcca authority show identity' tells it)",
        HelpName = "SHA256",
    };

    /// <summary>Connects without a client certificate where the option is given; else as every command does.</summary>
    /// <exception cref="CliFailure">It is no SHA-256, or the server is not the one.</exception>
    public static async Task ConnectAsync(CommandContext context, Option<string?> option)
    {
        if (context.Get(option) is not { } text) return;
        var hex = text.Replace(":", "", StringComparison.Ordinal);
        if (hex.Length != 64 || !hex.All(char.IsAsciiHexDigit)) throw CliFailure.Usage($"--trust '{text}' is no SHA-256: 64 hexadecimal digits");
        await context.ConnectWithoutLoginAsync(Convert.FromHexString(hex));
    }
}

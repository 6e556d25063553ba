using System.CommandLine;

namespace GrpcCa.AdminCli.Commands.Gateways;

/// <summary>Options that <c>create</c> and <c>update</c> share.</summary>
internal static class GatewayOptions
{
    public static Option<string[]> TlsNames() => new("--tls-name")
    {
        Description = "Names and addresses in its own TLS certificate; without it the hosts of the base URLs",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    public static Option<string[]> Provisioners() => new("--provisioner", "-p")
    {
        Description = "Provisioners it may serve; without it all",
        HelpName = "ID",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    /// <summary>An origin as the API takes it: no path, not even a slash.</summary>
    public static string BaseUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps || url.PathAndQuery != "/" || url.Fragment.Length > 0 || url.UserInfo.Length > 0)
            throw CliFailure.Usage($"'{text}' is no base URL", "a base URL is https://HOST or https://HOST:PORT, without a path");
        return text.TrimEnd('/');
    }
}

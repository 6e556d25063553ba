using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GrpcCa.AdminCli.Connection;

/// <summary>Where the control plane is: a Unix socket on this machine, or a host and port reached with mutual TLS.</summary>
internal sealed record ServerAddress
{
    private ServerAddress()
    {
    }

    /// <summary>The socket's absolute path; null for a remote server.</summary>
    public string? Socket { get; private init; }

    /// <summary>Host and port; empty for a socket.</summary>
    public string Endpoint { get; private init; } = "";

    public static ServerAddress OfSocket(string path) => new() { Socket = path };

    public static ServerAddress OfEndpoint(string endpoint) => new() { Endpoint = endpoint };

    /// <summary>Reads <c>unix:PATH</c> (relative to the working directory, <c>~/</c> is home) or <c>HOST:PORT</c>.</summary>
    public static bool TryParse(string text, CliEnvironment environment, [NotNullWhen(true)] out ServerAddress? address)
    {
        address = null;
        const string unix = "unix:";
        if (text.StartsWith(unix, StringComparison.Ordinal))
        {
            var path = text[unix.Length..];
            if (path.StartsWith("//", StringComparison.Ordinal)) path = path[2..];
            if (path.Length == 0) return false;
            if (path.StartsWith("~/", StringComparison.Ordinal)) path = Path.Combine(environment.Variable("HOME") ?? "/", path[2..]);
            address = OfSocket(Path.GetFullPath(path, environment.WorkingDirectory));
            return true;
        }
        var colon = text.LastIndexOf(':');
        if (colon < 1 || text.Contains('/', StringComparison.Ordinal)) return false;
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0) return false;
        var host = text[..colon];
        // An IPv6 address needs its brackets: else its last group would be the port.
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (Uri.CheckHostName(bracketed ? host[1..^1] : host) == UriHostNameType.Unknown || (!bracketed && host.Contains(':', StringComparison.Ordinal))) return false;
        address = OfEndpoint(text);
        return true;
    }

    public override string ToString() => Socket is null ? Endpoint : "unix:" + Socket;
}

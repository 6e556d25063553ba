using System.Net;
using GrpcCa.Host;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway;

/// <summary>Everything that can be set on a gateway; docs/schemas/gateway.schema.json says the same to editors.</summary>
internal sealed record GatewayOptions
{
    /// <summary>Where ACME clients connect (HTTPS). Port 0 takes a free one. Default 127.0.0.1:14000.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 14000);

    /// <summary>Plain HTTP for what is public: roots, intermediates, health. Default 127.0.0.1:14080.</summary>
    public IPEndPoint Http { get; init; } = new(IPAddress.Loopback, 14080);

    /// <summary>The directory (0700) that keeps identity, TLS certificate and the last configuration. Required.</summary>
    public string State { get; init; } = "";

    /// <summary>A file with a one-time join token; read only while there is no identity.</summary>
    public string? JoinTokenFile { get; init; }

    /// <summary>
    /// Proxies whose X-Forwarded-For is believed, CIDRs with commas between; a header from anybody else is ignored.
    /// Default none: the client's address is the peer's.
    /// </summary>
    public string Proxies { get; init; } = "";

    /// <summary>How long the first start waits for a control plane before it gives up. Default 5m.</summary>
    public TimeSpan StartDeadline { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one ACME request may take in the control plane. Default 30s.</summary>
    public TimeSpan CallDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the configuration is asked for. Default 10s.</summary>
    public TimeSpan ConfigInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Failed calls within ten seconds after which no further ones are tried for a while. Default 5.</summary>
    public int BreakAfter { get; init; } = 5;

    /// <summary>How long no calls are tried then. Default 2s.</summary>
    public TimeSpan BreakFor { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Nonces fetched at once; more while demand is high. Default 64.</summary>
    public int NonceBatch { get; init; } = 64;

    /// <summary>Nonces older than this are thrown away. Default 2m.</summary>
    public TimeSpan NonceMaxAge { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a request waits for a nonce when there is none. Default 2s.</summary>
    public TimeSpan NonceWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Largest request body in bytes. Default 65536.</summary>
    public int MaxBody { get; init; } = 64 * 1024;

    /// <summary>Largest sum of request headers in bytes. Default 16384.</summary>
    public int MaxHeaders { get; init; } = 16 * 1024;

    /// <summary>Most connections at a time, both listeners together; fewer where the process may not open that many files. Default 4096.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>Most connections from one address (IPv6: one /64, but in Tailscale's range); loopback and declared proxies are not counted. Default 1024.</summary>
    public int ConnectionsPerAddress { get; init; } = 1024;

    /// <summary>How long a client may take to send its request headers. Default 10s.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may take to send its request body. Default 10s.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an idle connection stays open. Default 60s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Least severity that is logged (to stderr). Default information: one line per request.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Reads all options.</summary>
    /// <exception cref="ConfigurationException">Something is wrong; every problem is listed.</exception>
    public static GatewayOptions Read(ConfigurationReader reader)
    {
        var otherwise = new GatewayOptions();
        var options = new GatewayOptions
        {
            Listen = reader.Endpoint("listen", otherwise.Listen)!,
            Http = reader.Endpoint("http", otherwise.Http)!,
            State = reader.RequiredText("state"),
            JoinTokenFile = reader.OptionalText("joinTokenFile"),
            Proxies = ReadProxies(reader),
            StartDeadline = reader.Duration("controlPlane:startDeadline", otherwise.StartDeadline, Second, Day),
            CallDeadline = reader.Duration("controlPlane:callDeadline", otherwise.CallDeadline, Second, Minute * 5),
            ConfigInterval = reader.Duration("controlPlane:configInterval", otherwise.ConfigInterval, Second, Day),
            BreakAfter = reader.Number("controlPlane:breakAfter", otherwise.BreakAfter, 2, 1000),
            BreakFor = reader.Duration("controlPlane:breakFor", otherwise.BreakFor, Second, Minute * 10),
            NonceBatch = reader.Number("nonces:batch", otherwise.NonceBatch, 1, 1000),
            NonceMaxAge = reader.Duration("nonces:maxAge", otherwise.NonceMaxAge, Second, Minute * 60),
            NonceWait = reader.Duration("nonces:wait", otherwise.NonceWait, Second, Minute),
            MaxBody = reader.Number("limits:body", otherwise.MaxBody, 1024, 16 * 1024 * 1024),
            MaxHeaders = reader.Number("limits:headers", otherwise.MaxHeaders, 1024, 1024 * 1024),
            MaxConnections = reader.Number("limits:connections", otherwise.MaxConnections, 1, 1_000_000),
            ConnectionsPerAddress = reader.Number("limits:connectionsPerAddress", otherwise.ConnectionsPerAddress, 1, 1_000_000),
            HeaderTimeout = reader.Duration("limits:headerTimeout", otherwise.HeaderTimeout, Second, Minute * 10),
            BodyTimeout = reader.Duration("limits:bodyTimeout", otherwise.BodyTimeout, Second, Minute * 10),
            KeepAlive = reader.Duration("limits:keepAlive", otherwise.KeepAlive, Second, Minute * 60),
            LogLevel = reader.Choice("log:level", otherwise.LogLevel),
        };
        reader.ThrowIfFaulty();
        return options;
    }

    private static string ReadProxies(ConfigurationReader reader)
    {
        var ranges = reader.List("proxies") ?? [];
        foreach (var range in ranges)
            if (!IPNetwork.TryParse(range, out _)) reader.Problem("proxies", $"'{range}' is not a range such as 127.0.0.1/32");
        return string.Join(',', ranges);
    }

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
}

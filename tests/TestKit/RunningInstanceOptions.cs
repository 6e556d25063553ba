using System.Net;

namespace GrpcCa.TestKit;

/// <summary>How <c>./run</c> is called; what is left out is chosen freely.</summary>
internal sealed record RunningInstanceOptions
{
    /// <summary>The data directory; default a new one, which is removed in the end.</summary>
    public string? Data { get; init; }

    public int AcmePort { get; init; } = FreePorts.Next();

    public int HttpPort { get; init; } = FreePorts.Next();

    public int GrpcPort { get; init; } = FreePorts.Next();

    public int Http01Port { get; init; } = FreePorts.Next();

    public int TlsAlpn01Port { get; init; } = FreePorts.Next();

    /// <summary>DNS server for validation; default the system's.</summary>
    public IPEndPoint? Resolver { get; init; }

    /// <summary>Further flags, such as <c>--allow exact:nas.test</c>.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    public IReadOnlyList<string> Arguments(string data) =>
    [
        "--data", data,
        "--acme", $"127.0.0.1:{AcmePort}", "--http", $"127.0.0.1:{HttpPort}", "--grpc", $"127.0.0.1:{GrpcPort}",
        "--http01-port", $"{Http01Port}", "--tls-alpn01-port", $"{TlsAlpn01Port}",
        .. Resolver is null ? Array.Empty<string>() : ["--resolver", Resolver.ToString()],
        .. Flags,
    ];
}

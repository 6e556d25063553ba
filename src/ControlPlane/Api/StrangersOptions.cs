namespace GrpcCa.ControlPlane.Api;

/// <summary>The section <c>Strangers</c>: what callers without a client certificate may hold, the admin socket's aside.</summary>
internal sealed record StrangersOptions
{
    /// <summary>Their connections at a time, with those that are still shaking hands; more are closed at once; default 512.</summary>
    public int MaxConnections { get; init; } = 512;

    /// <summary>Their connections from one address (IPv6: one /64, but in Tailscale's range), so that one keeps nobody else out; behind a proxy all have one; default 128.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 128;

    /// <summary>Their calls that are answered at a time; more are refused; default 512.</summary>
    public int MaxCalls { get; init; } = 512;

    /// <summary>Their calls from one address, as with connections; more are refused; default 128.</summary>
    public int MaxCallsPerAddress { get; init; } = 128;

    /// <summary>Bytes of a request; default 131,072: the largest, CreateCertificate, has a signing request and a credential of 32 KiB each.</summary>
    public int MaxBytes { get; init; } = 128 * 1024;

    /// <summary>How long a request may take to come; default 10 s.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(10);
}

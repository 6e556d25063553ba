namespace GrpcCa.ControlPlane.Api;

/// <summary>The section <c>Strangers</c>: what callers without a client certificate may hold, the admin socket's aside.</summary>
internal sealed record StrangersOptions
{
    /// <summary>Their calls that are answered at a time; more are refused; default 256.</summary>
    public int MaxCalls { get; init; } = 256;

    /// <summary>Their calls from one address that are answered at a time, so that one keeps nobody else out; more are refused; default 64.</summary>
    public int MaxCallsPerAddress { get; init; } = 64;

    /// <summary>Bytes of a request; default 131,072: the largest, CreateCertificate, has a signing request and a credential of 32 KiB each.</summary>
    public int MaxBytes { get; init; } = 128 * 1024;

    /// <summary>How long a request may take to come; default 10 s.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(10);
}

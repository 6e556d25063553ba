namespace GrpcCa.ControlPlane.Signing.File;

/// <summary>Where key files are and how they are sealed.</summary>
internal sealed record FileKeyOptions
{
    /// <summary>
    /// About 50 ms for each key at the start. The password that a first start makes has 256 bits and would need none; for one that
    /// a person chose, OWASP asks 600,000 of PBKDF2-HMAC-SHA-256.
    /// </summary>
    public const int UsualIterations = 210_000;

    /// <summary>A directory of mode 0700; made when it is missing.</summary>
    public required string Directory { get; init; }

    /// <summary>PBKDF2 iterations of files written from now on; 10,000 to 10,000,000. Existing files tell their own.</summary>
    public int Iterations { get; init; } = UsualIterations;
}

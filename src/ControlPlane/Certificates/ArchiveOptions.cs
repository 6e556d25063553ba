namespace GrpcCa.ControlPlane.Certificates;

/// <summary>What becomes of certificates that have ended.</summary>
internal sealed record ArchiveOptions
{
    /// <summary><c>Archive:Directory</c>: where they go when they leave the store, mode 0700; by default nowhere.</summary>
    public string? Directory { get; init; }

    /// <summary><c>Archive:After</c>: how long after their end they leave the store; 400 days by default.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromDays(400);
}

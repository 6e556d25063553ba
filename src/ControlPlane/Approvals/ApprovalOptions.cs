namespace GrpcCa.ControlPlane.Approvals;

/// <summary>The section <c>Approvals</c>.</summary>
internal sealed record ApprovalOptions
{
    /// <summary>How long a second operator has to decide; a day by default.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);
}

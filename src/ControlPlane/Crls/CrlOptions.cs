namespace GrpcCa.ControlPlane.Crls;

/// <summary>How long revocation lists are good. Each is replaced at a third of its life, and soon after a revocation.</summary>
internal sealed record CrlOptions
{
    /// <summary>Of an issuer's list: how long those who check may do without a newer one; default 24 h.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Of a root's list, which hardly ever changes; default 30 d.</summary>
    public TimeSpan RootLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How far thisUpdate lies before the signature, for clients whose clocks run late.</summary>
    public static readonly TimeSpan Backdate = TimeSpan.FromMinutes(1);

    public TimeSpan LifetimeOf(CrlIssuer issuer) => issuer.IsRoot ? RootLifetime : Lifetime;
}

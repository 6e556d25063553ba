using GrpcCa.ControlPlane.Provisioners;

namespace GrpcCa.TestKit;

/// <summary>How a house differs from the usual one.</summary>
internal sealed class HouseSettings
{
    /// <summary>What every provisioner may issue unless it says otherwise.</summary>
    public static readonly IReadOnlyList<string> Allowlist =
        ["exact:localhost", "subtree:localhost", "subtree:test", "wildcard:test", "wildcard:wild.test", "ip:127.0.0.0/8", "ip:::1/128", "ip:100.64.0.0/10"];

    /// <summary>The control plane's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Settings of the control plane, as in its configuration file.</summary>
    public Dictionary<string, string> Options { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Provisioners beside <c>acme</c> and <c>nixos</c>.</summary>
    public IReadOnlyList<HouseProvisioner> Provisioners { get; init; } = [];

    /// <summary>Set by tests that break something on purpose: logs and signatures are not judged at the end.</summary>
    public bool MayEndBadly { get; set; }
}

/// <summary>A further provisioner: like <c>acme</c>, except for what is set.</summary>
internal sealed record HouseProvisioner(string Id)
{
    public string? TermsOfServiceUrl { get; init; }

    public string? WebsiteUrl { get; init; }

    public TimeSpan? AuthorizationReuse { get; init; }

    public TimeSpan? OrderLifetime { get; init; }

    public IReadOnlyList<string>? Challenges { get; init; }

    /// <summary>Allow rules, such as <c>subtree:test</c>.</summary>
    public IReadOnlyList<string>? Allow { get; init; }

    internal ProvisionerRecord ApplyTo(ProvisionerRecord like) => like with
    {
        Id = Id,
        DisplayName = Id,
        TermsOfServiceUrl = TermsOfServiceUrl,
        WebsiteUrl = WebsiteUrl,
        AuthorizationReuse = AuthorizationReuse ?? like.AuthorizationReuse,
        OrderLifetime = OrderLifetime ?? like.OrderLifetime,
        Challenges = Challenges is null ? like.Challenges : [.. Challenges],
    };
}

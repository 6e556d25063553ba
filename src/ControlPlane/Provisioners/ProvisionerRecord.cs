using System.Collections.Immutable;
using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Profiles;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>A way to ask for certificates; stored as a JSON document. What is null falls back to the server's options.</summary>
internal sealed record ProvisionerRecord
{
    public required string Id { get; init; }

    public string DisplayName { get; init; } = "";

    public required string AuthorityId { get; init; }

    public required string DefaultProfile { get; init; }

    /// <summary>Profiles that clients may name in new-order; the default one always.</summary>
    public ImmutableArray<string> Profiles { get; init; } = [];

    public bool Disabled { get; init; }

    /// <summary>How it knows who asks; the settings of the other kinds are null.</summary>
    public ProvisionerKind Kind { get; init; }

    /// <summary>How long its certificates live; narrows the profile.</summary>
    public LifetimeBounds Lifetimes { get => field ?? LifetimeBounds.None; init; } = LifetimeBounds.None;

    /// <summary>Keys that its certificates may have, of the profile's; empty means all of those.</summary>
    public ImmutableArray<string> KeyTypes { get => field.IsDefault ? [] : field; init; } = [];

    public TokenSettings? Token { get; init; }

    public OidcSettings? Oidc { get; init; }

    public X5cSettings? X5c { get; init; }

    public RenewalSettings? Renewal { get; init; }

    /// <summary>Challenge types offered; what follows is for kind <c>acme</c>.</summary>
    public ImmutableArray<string> Challenges { get; init; } = ["http-01", "dns-01", "tls-alpn-01"];

    public int? Http01Port { get; init; }

    public int? TlsAlpn01Port { get; init; }

    /// <summary>CIDRs that validation may dial; empty means the server's option.</summary>
    public ImmutableArray<string> Ranges { get; init; } = [];

    /// <summary>How long an order may stay pending.</summary>
    public TimeSpan OrderLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a valid authorization may be used again; zero means never.</summary>
    public TimeSpan AuthorizationReuse { get; init; } = TimeSpan.FromHours(24);

    public string? TermsOfServiceUrl { get; init; }

    public string? WebsiteUrl { get; init; }

    /// <summary>Whether a new account needs an external account binding (RFC 8555 §7.3.4).</summary>
    public bool ExternalAccountRequired { get; init; }

    /// <summary>What CAA records decide (RFC 8659); tailnet zones rarely have them.</summary>
    public CaaMode Caa { get; init; } = CaaMode.Off;

    /// <summary>Issuer domain names that CAA and dns-persist-01 records may name.</summary>
    public ImmutableArray<string> CaaIdentities { get; init; } = [];

    /// <summary>DNS servers for validation, HOST:PORT; empty means the server's option.</summary>
    public ImmutableArray<string> Resolvers { get; init; } = [];

    /// <summary>The longest one attempt may take.</summary>
    public TimeSpan? AttemptTimeout { get; init; }

    /// <summary>Bounds on what clients may ask; what is null falls back to the server's options.</summary>
    public ProvisionerLimits Limits { get; init; } = new();

    [JsonIgnore]
    public DateTimeOffset CreatedAt { get; init; }

    [JsonIgnore]
    public DateTimeOffset UpdatedAt { get; init; }

    [JsonIgnore]
    public long Version { get; init; }

    [JsonIgnore]
    public string Etag => $"v{Version}";

    /// <summary>Whether clients may name the profile.</summary>
    public bool Offers(string profileId) => profileId == DefaultProfile || Profiles.Contains(profileId, StringComparer.Ordinal);

    /// <summary>The profile within the bounds of this provisioner.</summary>
    public LeafTerms Narrow(ProfileRecord profile) => Lifetimes.Narrow(profile, KeyTypes, Name);

    [JsonIgnore]
    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.Provisioners, Id);
}

/// <summary>What CAA records decide.</summary>
internal enum CaaMode
{
    /// <summary>Not asked for.</summary>
    Off = 1,
    /// <summary>Asked for; none means yes.</summary>
    Check,
    /// <summary>Asked for; none means no.</summary>
    Require,
}

/// <summary>Sizes of the token buckets (RFC 8555 §6.6); null is the server's default.</summary>
internal sealed record ProvisionerLimits
{
    public int? AccountsPerAddress { get; init; }

    public int? Accounts { get; init; }

    public int? OrdersPerAccount { get; init; }

    public int? OrdersPerAddress { get; init; }

    public int? OrdersPerName { get; init; }

    public int? Orders { get; init; }

    public int? PendingAuthorizationsPerAccount { get; init; }

    public int? FailedValidationsPerAccountAndName { get; init; }
}

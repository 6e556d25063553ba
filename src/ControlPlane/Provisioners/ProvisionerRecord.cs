using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>A way to ask for certificates over ACME; stored as a JSON document. What is null falls back to the server's options.</summary>
internal sealed record ProvisionerRecord
{
    public required string Id { get; init; }

    public string DisplayName { get; init; } = "";

    public required string AuthorityId { get; init; }

    public required string DefaultProfile { get; init; }

    /// <summary>Profiles that clients may name in new-order; the default one always.</summary>
    public ImmutableArray<string> Profiles { get; init; } = [];

    public bool Disabled { get; init; }

    /// <summary>Challenge types offered.</summary>
    public ImmutableArray<string> Challenges { get; init; } = ["http-01"];

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

    [JsonIgnore]
    public DateTimeOffset CreatedAt { get; init; }

    [JsonIgnore]
    public DateTimeOffset UpdatedAt { get; init; }

    [JsonIgnore]
    public long Version { get; init; }

    /// <summary>Whether clients may name the profile.</summary>
    public bool Offers(string profileId) => profileId == DefaultProfile || Profiles.Contains(profileId, StringComparer.Ordinal);

    [JsonIgnore]
    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.Provisioners, Id);
}

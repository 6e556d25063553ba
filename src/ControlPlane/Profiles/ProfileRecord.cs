using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace GrpcCa.ControlPlane.Profiles;

/// <summary>What the certificates of a profile look like; stored as a JSON document.</summary>
internal sealed record ProfileRecord
{
    public required string Id { get; init; }

    /// <summary>A sentence for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>From the moment of issue to the last second, which is one second earlier (DESIGN: notAfter is inclusive).</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How far notBefore lies before the issue, for clients whose clocks run late.</summary>
    public TimeSpan Backdate { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>serverAuth, clientAuth.</summary>
    public ImmutableArray<string> ExtendedKeyUsages { get; init; } = ["serverAuth", "clientAuth"];

    /// <summary>Whether certificates point to the CRL and the issuer's certificate, where the authority has a URL for them.</summary>
    public bool RevocationPointers { get; init; } = true;

    /// <summary>For compare-and-swap; the store counts it.</summary>
    [JsonIgnore]
    public long Version { get; init; }

    [JsonIgnore]
    public string Etag => $"v{Version}";

    [JsonIgnore]
    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.Profiles, Id);

    /// <summary>Accepted keys: RSA, EC_P256, EC_P384, EC_P521, ED25519.</summary>
    public ImmutableArray<string> KeyTypes { get; init; } = ["RSA", "EC_P256", "EC_P384", "EC_P521", "ED25519"];
}

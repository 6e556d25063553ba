using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>A host that carries ACME requests, as operators declared it.</summary>
internal sealed record GatewayRecord
{
    public required string Id { get; init; }

    /// <summary>Canonical origins; the first is the preferred one.</summary>
    public required ImmutableArray<string> BaseUrls { get; init; }

    /// <summary>Origins of the past: account URLs below them still work.</summary>
    public ImmutableArray<string> RetiredBaseUrls { get; init; } = [];

    /// <summary>As declared; empty means the hosts of the base URLs.</summary>
    public ImmutableArray<Identifier> DeclaredTlsNames { get; init; } = [];

    /// <summary>Provisioners it may serve; empty means all.</summary>
    public ImmutableArray<string> ProvisionerIds { get; init; } = [];

    public bool Disabled { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public EnrolledIdentity Identity { get; init; } = EnrolledIdentity.None;

    /// <summary>Counts changes; compare-and-swap goes by it.</summary>
    public long Version { get; init; } = 1;

    public string Name => ResourceName.Of(ResourceName.Gateways, Id);

    public string IdentityUri => "grpcca://gateway/" + Id;

    public string Etag => $"v{Version}";

    /// <summary>The names of its own TLS certificate.</summary>
    public ImmutableArray<Identifier> TlsNames => DeclaredTlsNames.IsEmpty ? [.. BaseUrls.Select(BaseUrl.HostOf).Distinct()] : DeclaredTlsNames;

    /// <summary>
    /// Names that are for its TLS certificate alone: those in it, and the hosts of base URLs, current and retired, that it
    /// covers or has to cover. A host beyond the declared names has its TLS ended by somebody else, who may use ACME.
    /// </summary>
    public IEnumerable<Identifier> OwnNames => TlsNames.Concat(BaseUrls.Concat(RetiredBaseUrls).Select(BaseUrl.HostOf).Where(IsCovered)).Distinct();

    private bool IsCovered(Identifier host) => DeclaredTlsNames.IsEmpty || DeclaredTlsNames.Contains(host)
        || (host.Type == IdentifierType.Dns && host.Value.IndexOf('.', StringComparison.Ordinal) is var dot and > 0
            && DeclaredTlsNames.Any(n => n.IsWildcard && n.WithoutWildcard.Value == host.Value[(dot + 1)..]));

    public bool MayServe(string provisionerId) => ProvisionerIds.IsEmpty || ProvisionerIds.Contains(provisionerId, StringComparer.Ordinal);
}

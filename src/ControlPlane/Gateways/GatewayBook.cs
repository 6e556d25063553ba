using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>All gateways as they are now: what is asked at every call is answered from memory, as fresh as the store.</summary>
internal sealed class GatewayBook(IStore store)
{
    private readonly Generational<GatewaySnapshot> current = new(store, async session => new GatewaySnapshot(await GatewayStore.ListAsync(session)));

    public ValueTask<GatewaySnapshot> CurrentAsync(CancellationToken cancellationToken) => current.CurrentAsync(cancellationToken);
}

/// <summary>The gateways of one moment.</summary>
internal sealed class GatewaySnapshot
{
    private readonly FrozenDictionary<string, FrozenSet<string>> originsOfNamed;
    private readonly FrozenSet<string> originsOfAll;
    private readonly FrozenSet<Identifier> reserved;
    private readonly FrozenSet<string> reservedParents;

    public GatewaySnapshot(IReadOnlyList<GatewayRecord> gateways)
    {
        All = [.. gateways.OrderBy(g => g.Id, StringComparer.Ordinal)];
        ById = All.ToFrozenDictionary(g => g.Id, StringComparer.Ordinal);
        originsOfAll = Origins(All.Where(g => g.ProvisionerIds.IsEmpty));
        originsOfNamed = All.SelectMany(g => g.ProvisionerIds).Distinct(StringComparer.Ordinal)
            .ToFrozenDictionary(id => id, id => Origins(All.Where(g => g.MayServe(id))), StringComparer.Ordinal);
        reserved = All.SelectMany(g => g.OwnNames).Where(n => !IsLoopback(n)).ToFrozenSet();
        reservedParents = reserved.Where(n => n.Type == IdentifierType.Dns && !n.IsWildcard)
            .Select(n => ParentOf(n.Value)).Where(p => p.Length > 0).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Ordered by id.</summary>
    public ImmutableArray<GatewayRecord> All { get; }

    public FrozenDictionary<string, GatewayRecord> ById { get; }

    /// <summary>
    /// Every origin, current or retired, below which the provisioner's account URLs were ever handed out: hosts move
    /// and gateways share names, so a kid may carry any of them.
    /// </summary>
    public FrozenSet<string> OriginsOf(string provisionerId) => originsOfNamed.GetValueOrDefault(provisionerId, originsOfAll);

    /// <summary>
    /// Whether the name is a gateway's own (<see cref="GatewayRecord.OwnNames"/>), so that no ACME provisioner issues it:
    /// the name itself, and a wildcard that would cover it. Loopback names belong to no host in particular.
    /// </summary>
    public bool IsReserved(Identifier name) =>
        reserved.Contains(name) || (name.IsWildcard && reservedParents.Contains(name.WithoutWildcard.Value));

    private static FrozenSet<string> Origins(IEnumerable<GatewayRecord> gateways) =>
        gateways.SelectMany(g => g.BaseUrls.Concat(g.RetiredBaseUrls)).ToFrozenSet(StringComparer.Ordinal);

    private static bool IsLoopback(Identifier name) => name.Type == IdentifierType.Ip
        ? IPAddress.TryParse(name.Value, out var address) && IPAddress.IsLoopback(address)
        : name.Value == "localhost" || name.Value.EndsWith(".localhost", StringComparison.Ordinal);

    private static string ParentOf(string name) => name.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0 ? name[(dot + 1)..] : "";
}

using System.Collections.Frozen;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Approvals;

/// <summary>Who demands a second operator: read at every marked call, as fresh as the store.</summary>
internal sealed class DemandBook(IStore store, TimeProvider time)
{
    private readonly Generational<FrozenDictionary<string, Demand>> current = new(store, async session =>
        (await DemandStore.ListAsync(session)).ToFrozenDictionary(d => d.Resource, StringComparer.Ordinal));

    /// <summary>By resource name.</summary>
    public ValueTask<FrozenDictionary<string, Demand>> CurrentAsync(CancellationToken cancellationToken) => current.CurrentAsync(cancellationToken);

    /// <summary>Makes the resource demand one, or no longer. What is so already stays as it is, and is no act.</summary>
    public async Task<Demand?> SetAsync(string resource, bool required, string actor, CancellationToken cancellationToken)
    {
        var known = (await CurrentAsync(cancellationToken)).GetValueOrDefault(resource);
        if (known is not null == required) return known;
        return await store.ActAsync(async session =>
        {
            var now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
            var demand = new Demand(resource, actor, now);
            if (required) await DemandStore.AddAsync(session, demand);
            else await DemandStore.RemoveAsync(session, resource);
            await Generation.BumpAsync(session);
            return new Acted<Demand?>(required ? demand : null, new AuditEvent(now, "approvalDemand.set", actor, resource,
                [new("required", required ? "true" : "false"), new("oldRequired", required ? "false" : "true")]));
        }, cancellationToken);
    }
}

using System.Collections.Immutable;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>All webhooks as they are now, from memory: an act that no webhook wants to know of costs nothing.</summary>
internal sealed class WebhookBook(IStore store)
{
    private readonly Generational<ImmutableArray<WebhookRecord>> snapshot = new(store, WebhookStore.LoadAsync);

    /// <summary>Ordered by id.</summary>
    public ValueTask<ImmutableArray<WebhookRecord>> CurrentAsync(CancellationToken cancellationToken) => snapshot.CurrentAsync(cancellationToken);
}

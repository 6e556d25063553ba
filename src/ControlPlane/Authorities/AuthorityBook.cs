using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>The hierarchy as it is now, read again only when the configuration changed.</summary>
internal sealed class AuthorityBook(IStore store)
{
    private readonly Generational<AuthoritySnapshot> snapshot = new(store, AuthorityStore.LoadAsync);

    public ValueTask<AuthoritySnapshot> CurrentAsync(CancellationToken cancellationToken) => snapshot.CurrentAsync(cancellationToken);
}

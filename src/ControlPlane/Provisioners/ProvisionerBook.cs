using System.Collections.Frozen;
using System.Collections.Immutable;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>The provisioners as they are now, by id.</summary>
internal sealed class ProvisionerBook(IStore store)
{
    private readonly Generational<FrozenDictionary<string, ProvisionerRecord>> snapshot = new(store, ProvisionerStore.LoadAsync);

    public ValueTask<FrozenDictionary<string, ProvisionerRecord>> CurrentAsync(CancellationToken cancellationToken) => snapshot.CurrentAsync(cancellationToken);

    private static readonly ImmutableArray<string> Everything = ["default", "nixos", "server", "short"];

    /// <summary>The two that exist from the start.</summary>
    public static IReadOnlyList<ProvisionerRecord> FromTheStart(string authorityId) =>
    [
        new() { Id = "acme", DisplayName = "ACME, certificates of a day", AuthorityId = authorityId, DefaultProfile = "default", Profiles = Everything },
        new() { Id = "nixos", DisplayName = "ACME, certificates of ninety days", AuthorityId = authorityId, DefaultProfile = "nixos", Profiles = Everything },
    ];
}

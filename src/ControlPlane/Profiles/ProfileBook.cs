using System.Collections.Frozen;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Profiles;

/// <summary>The profiles as they are now, by id.</summary>
internal sealed class ProfileBook(IStore store)
{
    private readonly Generational<FrozenDictionary<string, ProfileRecord>> snapshot = new(store, ProfileStore.LoadAsync);

    public ValueTask<FrozenDictionary<string, ProfileRecord>> CurrentAsync(CancellationToken cancellationToken) => snapshot.CurrentAsync(cancellationToken);

    /// <summary>
    /// What exists from the start: <c>default</c> for clients that renew often, <c>nixos</c> for those that renew
    /// daily with <c>--days 30</c> and cannot ask for a profile.
    /// </summary>
    public static IReadOnlyList<ProfileRecord> FromTheStart { get; } =
    [
        new() { Id = "default", Description = "A day, for servers and clients; renew by a timer." },
        new() { Id = "nixos", Description = "Ninety days, for NixOS security.acme and others that renew a month early.", Lifetime = TimeSpan.FromDays(90) },
        new() { Id = "server", Description = "Thirty days, for TLS servers only.", Lifetime = TimeSpan.FromDays(30), ExtendedKeyUsages = ["serverAuth"] },
        new() { Id = "short", Description = "Six hours, too short to need revocation.", Lifetime = TimeSpan.FromHours(6), RevocationPointers = false },
    ];
}

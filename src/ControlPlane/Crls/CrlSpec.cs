using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Issuance;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>All that decides the content of one revocation list.</summary>
/// <param name="Issuer">Who signs.</param>
/// <param name="Number">The CRL number, allocated in the store; never used again.</param>
/// <param name="ThisUpdate">In whole seconds.</param>
/// <param name="NextUpdate">In whole seconds.</param>
/// <param name="Entries">Ordered by the time of revocation, then by serial number.</param>
internal sealed record CrlSpec(
    IssuerKey Issuer, long Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, IReadOnlyList<RevokedEntry> Entries);

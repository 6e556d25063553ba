using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>What a revocation list says about a certificate (RFC 5280 §5.1.2.6, §5.3); a value, since a list may have very many.</summary>
/// <param name="Serial">The certificate's.</param>
/// <param name="RevokedAt">In whole seconds.</param>
/// <param name="Reason">Why.</param>
/// <param name="InvalidSince">Since when the key was in other hands, in whole seconds; null when nobody knows.</param>
internal readonly record struct RevokedEntry(SerialNumber Serial, DateTimeOffset RevokedAt, RevocationReason Reason, DateTimeOffset? InvalidSince);

using System.Security.Cryptography;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>
/// For whom a certificate is made, and what the asking room writes in the corridor's transactions. The functions may run
/// more than once (see <see cref="IStore"/>) and touch only the session they are given.
/// </summary>
internal sealed record IssuanceContext
{
    /// <summary>Who asked: <c>accounts/…</c>, <c>gateways/…</c>, <c>operators/…</c>, <c>system</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>What it is for: a resource name such as <c>orders/…</c>; recovery hands it back.</summary>
    public required string Purpose { get; init; }

    /// <summary>Whether its writes may take the room that is kept for a full disk.</summary>
    public Urgency Urgency { get; init; }

    /// <summary>Runs in the plan's transaction: the order notes the serial by compare-and-swap; throwing undoes the plan.</summary>
    public Func<StoreSession, SerialNumber, ValueTask>? OnPlanned { get; init; }

    /// <summary>Runs in the final transaction, which also closes the plan: writes certificate and order, returns the audit event.</summary>
    public required Func<StoreSession, IssuedCertificate, ValueTask<AuditEvent>> OnIssued { get; init; }

    /// <summary>Runs in the transaction that closes the plan as never issued.</summary>
    public Func<StoreSession, ValueTask>? OnFailed { get; init; }
}

/// <summary>A certificate that was signed and read back.</summary>
internal sealed record IssuedCertificate(SerialNumber Serial, byte[] Der, CertificateSpec Spec)
{
    /// <summary>SHA-256 of the certificate, lower-case hex.</summary>
    public string Sha256Hex { get; } = Convert.ToHexStringLower(SHA256.HashData(Der));
}

/// <summary>The corridor's own settings.</summary>
internal sealed record IssuanceOptions
{
    /// <summary>This process among several on one store; the same after a restart.</summary>
    public required string ReplicaId { get; init; }

    /// <summary>When an open plan of another replica counts as left behind; an issuance takes milliseconds.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromHours(1);
}

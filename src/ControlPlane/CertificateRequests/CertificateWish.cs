using System.Collections.Immutable;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Credentials;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.CertificateRequests;

/// <summary>A certificate that somebody who is known wants: everything but the decision.</summary>
internal sealed record CertificateWish
{
    public required LeafAsker Asker { get; init; }

    /// <summary>The audit's word for who asks.</summary>
    public required string Actor { get; init; }

    public required PublicKey Key { get; init; }

    public required ImmutableArray<Identifier> Names { get; init; }

    /// <summary>First second; null is now.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Last second; null takes the default lifetime.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>The credential's one use; null for an operator, who needs none.</summary>
    public TokenUse? Use { get; init; }

    /// <summary>The certificate that this one renews; null otherwise.</summary>
    public CertificateRecord? Renews { get; init; }

    /// <summary>What was signed by the one who asks; null for an operator.</summary>
    public byte[]? Evidence { get; init; }

    /// <summary>The CSR; null when the key stays.</summary>
    public byte[]? Csr { get; init; }
}

/// <summary>A certificate that was asked for with a CSR, as the edge has it.</summary>
/// <param name="ProvisionerId">Through which provisioner.</param>
/// <param name="Csr">DER.</param>
internal sealed record CertificateApplication(string ProvisionerId, byte[] Csr)
{
    /// <summary>Null takes the provisioner's, or what the credential says.</summary>
    public string? ProfileId { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>What was shown; null for an operator, whose client certificate is enough.</summary>
    public (CredentialKind Kind, string Text)? Credential { get; init; }

    /// <summary>Who calls, when that is an operator; the audit's word.</summary>
    public string? OperatorActor { get; init; }
}

/// <summary>A certificate as it would be.</summary>
internal sealed record CertificatePreview(LeafContext Context, CertificateWish Wish, ValidityPeriod Period);

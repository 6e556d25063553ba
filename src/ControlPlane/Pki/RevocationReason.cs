using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>Why a certificate is revoked, with the numbers of RFC 5280 §5.3.1 (7 is not used).</summary>
internal enum RevocationReason
{
    Unspecified = 0,
    KeyCompromise = 1,
    CaCompromise = 2,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,
    CertificateHold = 6,
    RemoveFromCrl = 8,
    PrivilegeWithdrawn = 9,
    AaCompromise = 10,
}

/// <summary>Which reasons a client may give.</summary>
internal static class RevocationReasons
{
    /// <summary>Reads the number of an ACME revocation (RFC 8555 §7.6): 0, 1, 3, 4, 5, 9; the others are the CA's own to give.</summary>
    /// <exception cref="RefusalException">BadRevocationReason.</exception>
    public static RevocationReason Parse(long number) => number is 0 or 1 or 3 or 4 or 5 or 9
        ? (RevocationReason)number
        : throw new RefusalException(RefusalReason.BadRevocationReason, $"the reason {number} is not accepted; 0, 1, 3, 4, 5 and 9 are");
}

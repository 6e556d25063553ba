using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>What a certificate is for; decides its extensions.</summary>
internal enum CertificateRole
{
    /// <summary>Somebody's server or client, by ACME or the API.</summary>
    Leaf = 1,

    /// <summary>The public TLS certificate of a gateway.</summary>
    GatewayTls,

    /// <summary>A root of an issuing authority.</summary>
    Root,

    /// <summary>An issuer below a root.</summary>
    Intermediate,

    /// <summary>A root of the identity authority; it signs identities itself.</summary>
    IdentityRoot,

    /// <summary>The mTLS identity of a gateway, operator or tool.</summary>
    IdentityLeaf,

    /// <summary>The control plane's own endpoint.</summary>
    ServerIdentity,
}

/// <summary>What follows from a role alone.</summary>
internal static class CertificateRoles
{
    /// <summary>The kind of permit that such a certificate takes.</summary>
    public static PermitKind PermitKind(this CertificateRole role) => role switch
    {
        CertificateRole.Leaf or CertificateRole.GatewayTls => Signing.PermitKind.Leaf,
        CertificateRole.Root or CertificateRole.Intermediate or CertificateRole.IdentityRoot => Signing.PermitKind.AuthorityCertificate,
        CertificateRole.IdentityLeaf or CertificateRole.ServerIdentity => Signing.PermitKind.IdentityCertificate,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "unknown role"),
    };

    /// <summary>A certificate that signs others.</summary>
    public static bool IsAuthority(this CertificateRole role) =>
        role is CertificateRole.Root or CertificateRole.Intermediate or CertificateRole.IdentityRoot;

    /// <summary>A certificate signed with its own key.</summary>
    public static bool IsSelfSigned(this CertificateRole role) => role is CertificateRole.Root or CertificateRole.IdentityRoot;
}

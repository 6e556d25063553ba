namespace GrpcCa.ControlPlane.Acme.Nonces;

/// <summary>What redeeming a nonce says.</summary>
internal enum NonceVerdict
{
    /// <summary>Minted here, not used before; used now.</summary>
    Good = 1,
    /// <summary>Not base64url (RFC 8555 §6.5.2).</summary>
    Malformed,
    /// <summary>Used, another replica's, an earlier run's, too old, or nobody's.</summary>
    Unknown,
}

namespace GrpcCa.ControlPlane.Pki;

/// <summary>The kinds of public keys that are accepted in accounts and certificates.</summary>
internal enum KeyType
{
    EcP256 = 1,
    EcP384,
    EcP521,
    Rsa,
    Ed25519,
}

/// <summary>A signature algorithm with its hash; ECDSA names no curve.</summary>
internal enum SignatureScheme
{
    EcdsaSha256 = 1,
    EcdsaSha384,
    EcdsaSha512,
    RsaPkcs1Sha256,
    RsaPkcs1Sha384,
    RsaPkcs1Sha512,
    Ed25519,
}

/// <summary>How r and s of an ECDSA signature are written.</summary>
internal enum EcdsaEncoding
{
    /// <summary>JWS: r and s one after the other, each as long as the curve's order, and the hash the curve's own (RFC 7518 §3.4).</summary>
    Fixed = 1,

    /// <summary>Certificates and CSRs: a DER SEQUENCE (RFC 3279 §2.2.3), any hash with any curve.</summary>
    Der,
}

/// <summary>A public key that is not accepted; the message says why in a sentence for the one who sent it.</summary>
internal sealed class PublicKeyException(string message) : Exception(message);

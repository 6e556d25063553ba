using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>The signature algorithms that a request may use (RFC 7518 §3.1, RFC 8037 §3.1); MACs are not among them.</summary>
internal enum JwsAlgorithm
{
    ES256 = 1,
    ES384,
    ES512,
    RS256,
    EdDSA,
}

/// <summary>What each algorithm is called, which key it needs, and how it signs.</summary>
internal static class JwsAlgorithms
{
    /// <summary>The names, for <c>algorithms</c> in a badSignatureAlgorithm problem (RFC 8555 §6.2).</summary>
    public static ImmutableArray<string> Accepted { get; } = ["ES256", "ES384", "ES512", "RS256", "EdDSA"];

    public static JwsAlgorithm Parse(string name) => name switch
    {
        "ES256" => JwsAlgorithm.ES256,
        "ES384" => JwsAlgorithm.ES384,
        "ES512" => JwsAlgorithm.ES512,
        "RS256" => JwsAlgorithm.RS256,
        "EdDSA" => JwsAlgorithm.EdDSA,
        _ => throw new RefusalException(RefusalReason.BadSignatureAlgorithm,
            $"alg {Excerpt.Of(name)} is not accepted; use one of {string.Join(", ", Accepted)}"),
    };

    /// <summary>One algorithm for each key, so that neither can be confused with another (RFC 7518 §3.4).</summary>
    public static bool Fits(this JwsAlgorithm algorithm, KeyType key) => key == algorithm switch
    {
        JwsAlgorithm.ES256 => KeyType.EcP256,
        JwsAlgorithm.ES384 => KeyType.EcP384,
        JwsAlgorithm.ES512 => KeyType.EcP521,
        JwsAlgorithm.RS256 => KeyType.Rsa,
        _ => KeyType.Ed25519,
    };

    public static SignatureScheme Scheme(this JwsAlgorithm algorithm) => algorithm switch
    {
        JwsAlgorithm.ES256 => SignatureScheme.EcdsaSha256,
        JwsAlgorithm.ES384 => SignatureScheme.EcdsaSha384,
        JwsAlgorithm.ES512 => SignatureScheme.EcdsaSha512,
        JwsAlgorithm.RS256 => SignatureScheme.RsaPkcs1Sha256,
        _ => SignatureScheme.Ed25519,
    };
}

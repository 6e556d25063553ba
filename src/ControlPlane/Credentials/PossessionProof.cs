using System.Buffers.Text;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>
/// Possession of a certificate's key, by a signed message that names the certificate, the RPC, the audience and its own time, and
/// is good once (DESIGN §5). A TLS login with the certificate would prove the same to whoever listens; this proves it to us.
/// </summary>
internal static class PossessionProof
{
    /// <summary>The <c>typ</c> of proofs, so that no other token is one (RFC 8725 §3.11).</summary>
    public const string Type = "grpcca-proof+jwt";

    /// <summary>The audience when the provisioner names none.</summary>
    public const string Audience = "grpcca:renewal";

    /// <param name="text">The proof, a JWT in compact form.</param>
    /// <param name="certificate">The certificate whose key must have signed.</param>
    /// <param name="method">The RPC, as <c>Service/Method</c> without the package's slash: <c>grpcca.v1.CertificateService/RenewCertificate</c>.</param>
    /// <param name="csr">What the proof must cover besides: the CSR of a new key; null for none.</param>
    /// <param name="terms">What proofs must be like.</param>
    /// <param name="now">The clock.</param>
    /// <exception cref="RefusalException">Unauthenticated.</exception>
    public static VerifiedCredential Verify(string text, CertificateRecord certificate, string method, byte[]? csr, TokenTerms terms, DateTimeOffset now)
    {
        var jws = CompactJws.Parse(text);
        jws.RequireType(Type, mayBeAbsent: false);
        jws.Verify(KeyOf(certificate), $"the key of {certificate.Name}");
        if (CompactJws.Text(jws.Claims, "sub") != certificate.Name) throw CompactJws.Refused($"is about another certificate: its sub is not {certificate.Name}");
        if (CompactJws.Text(jws.Claims, "method") != method) throw CompactJws.Refused($"is for another act: its method is not {method}");
        var covered = csr is null ? null : Base64Url.EncodeToString(SHA256.HashData(csr));
        if (CompactJws.Text(jws.Claims, "csr_sha256") != covered)
            throw CompactJws.Refused(covered is null ? "covers a CSR, and there is none" : "does not cover this CSR: its csr_sha256 is another");
        var until = TokenClaims.Check(jws, terms, Audience, now);
        return new($"{certificate.Name}/key", TokenUse.Of(until, certificate.Name, TokenClaims.RequireId(jws)))
        {
            Names = certificate.Identifiers,
            AllNames = true,
            Evidence = jws.SigningInput.ToArray(),
        };
    }

    private static PublicKey KeyOf(CertificateRecord certificate) => CertificateBytes.ReadKey(certificate.Der);
}

using System.Runtime.CompilerServices;
using System.Text;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>An issuer as the corridor sees it: what its certificate says, and its public key to check signatures with.</summary>
/// <param name="Facts">Read by the lint's reader.</param>
/// <param name="Key">The key that the issuer's certificate is about.</param>
/// <param name="Algorithm">The kind of the key in the signer.</param>
internal sealed record IssuerReading(IssuerFacts Facts, PublicKey Key, KeyAlgorithm Algorithm)
{
    // Certificates are read once for each array that a book hands out; the entries go with the arrays.
    private static readonly ConditionalWeakTable<byte[], KnownCertificate> Known = [];

    /// <summary>How the issuer signs (RFC 5758 §3.2, RFC 4055 §5).</summary>
    public SignatureScheme Scheme => Algorithm switch
    {
        KeyAlgorithm.EcP256 => SignatureScheme.EcdsaSha256,
        KeyAlgorithm.EcP384 => SignatureScheme.EcdsaSha384,
        _ => SignatureScheme.RsaPkcs1Sha256,
    };

    /// <summary>Reads the issuer and refuses a signing key that is not its own.</summary>
    /// <exception cref="InvalidOperationException">The certificate cannot issue, or the key belongs to another one.</exception>
    public static async ValueTask<IssuerReading> OfAsync(CertificateSpec spec, SigningDesk desk, CancellationToken cancellationToken)
    {
        if (spec.Role.IsSelfSigned() != spec.Issuer.CertificateDer is null)
            throw new InvalidOperationException($"{spec.Issuer.Name}: a root has no issuer's certificate, everything else has one");
        var known = spec.Issuer.CertificateDer is { } der
            ? Of(der, spec.Issuer.AboveDer)
            : new KnownCertificate(IssuerFacts.OfNewRoot(spec.Key.SubjectPublicKeyInfo), spec.Key, []);
        return await OfAsync(known, spec.Issuer, desk, cancellationToken);
    }

    /// <summary>Reads an issuer that has its certificate, to sign something other than a certificate.</summary>
    /// <exception cref="InvalidOperationException">The certificate cannot issue, or the key belongs to another one.</exception>
    public static ValueTask<IssuerReading> OfAsync(IssuerKey issuer, SigningDesk desk, CancellationToken cancellationToken) =>
        OfAsync(Of(issuer.CertificateDer ?? throw new InvalidOperationException($"{issuer.Name} has no certificate"), issuer.AboveDer), issuer, desk, cancellationToken);

    /// <summary>Why the certificates above a leaf do not let it have a name, as the lint will read them; null when they do.</summary>
    public static string? ConstraintFault(byte[] issuerDer, IReadOnlyList<byte[]> above, Identifier name)
    {
        var raw = name.Type == IdentifierType.Ip ? new RawName(RawName.Ip, name.Address!.GetAddressBytes()) : new RawName(RawName.Dns, Encoding.ASCII.GetBytes(name.Value));
        return Of(issuerDer, above).Facts.Constraints.Select(constraint => constraint.FaultOf(raw)).FirstOrDefault(fault => fault is not null);
    }

    private static async ValueTask<IssuerReading> OfAsync(KnownCertificate known, IssuerKey issuer, SigningDesk desk, CancellationToken cancellationToken)
    {
        var (algorithm, signerKey) = await desk.DescribeAsync(issuer.Key, cancellationToken);
        if (!known.Key.SubjectPublicKeyInfo.Span.SequenceEqual(signerKey.Span))
            throw new InvalidOperationException($"key {issuer.Key} is not the key of {issuer.Name}");
        return new IssuerReading(known.Facts, known.Key, algorithm);
    }

    private static KnownCertificate Of(byte[] der, IReadOnlyList<byte[]> above)
    {
        if (Known.TryGetValue(der, out var known) && known.Above.SequenceEqual(above)) return known;
        var facts = IssuerFacts.Read(der, above);
        known = new KnownCertificate(facts, PublicKey.FromSubjectPublicKeyInfo(facts.SubjectPublicKeyInfo), [.. above]);
        Known.AddOrUpdate(der, known);
        return known;
    }

    private sealed record KnownCertificate(IssuerFacts Facts, PublicKey Key, byte[][] Above);
}

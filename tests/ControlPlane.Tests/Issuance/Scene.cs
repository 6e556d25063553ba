using System.Collections.Immutable;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Tests.Issuance;

/// <summary>A small hierarchy made without the corridor, and one good specification for each role below it.</summary>
internal sealed class Scene
{
    public static readonly DateTimeOffset Now = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static readonly KeyUri RootUri = new("file", "root.p8"), IssuerUri = new("file", "issuer.p8"), IdentityUri = new("file", "identity.p8");

    public Scene()
    {
        RootDer = Sign(Spec(CertificateRole.Root), RootKey);
        IssuerDer = Sign(Spec(CertificateRole.Intermediate), RootKey);
        IdentityDer = Sign(Spec(CertificateRole.IdentityRoot), IdentityKey);
    }

    public ECDsa RootKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ECDsa IssuerKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ECDsa IdentityKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ECDsa LeafKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public byte[] RootDer { get; }

    public byte[] IssuerDer { get; }

    public byte[] IdentityDer { get; }

    public SerialNumber Serial { get; } = SerialNumber.New();

    public static PublicKey PublicOf(AsymmetricAlgorithm key) => PublicKey.FromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo());

    public IssuerKey Root => new("authorities/main", RootUri, RootDer);

    public IssuerKey Issuer => new("authorities/main/issuers/1", IssuerUri, IssuerDer) { AboveDer = [RootDer] };

    public IssuerKey Identity => new("authorities/identity", IdentityUri, IdentityDer);

    /// <summary>A specification that is fine.</summary>
    public CertificateSpec Spec(CertificateRole role) => role switch
    {
        CertificateRole.Root => Authority(role, new("authorities/main", RootUri, null), "Net Root", RootKey),
        CertificateRole.Intermediate => Authority(role, Root, "Net Issuer 1", IssuerKey) with
        {
            CrlUrl = "http://ca.net.gq/crl/root",
            IssuerUrl = "http://ca.net.gq/root.crt",
        },
        CertificateRole.IdentityRoot => Authority(role, new("authorities/identity", IdentityUri, null), "Identity Root", IdentityKey) with { Constraints = null },
        CertificateRole.IdentityLeaf => Leaf(role, Identity) with { Names = [], UriSan = "grpcca://gateway/edge", ExtendedKeyUsages = ["clientAuth"] },
        CertificateRole.ServerIdentity => Leaf(role, Identity) with { UriSan = "grpcca://control-plane", ExtendedKeyUsages = ["serverAuth"] },
        CertificateRole.GatewayTls => Leaf(role, Issuer) with { ExtendedKeyUsages = ["serverAuth"] },
        _ => Leaf(role, Issuer) with
        {
            Names = [Identifier.ParseDns("nas.net.gq"), Identifier.ParseDns("*.apps.net.gq"), Identifier.ParseIp("100.64.0.7")],
            ExtendedKeyUsages = ["serverAuth", "clientAuth"],
            CrlUrl = "http://ca.net.gq/crl/1",
            IssuerUrl = "http://ca.net.gq/issuer-1.crt",
        },
    };

    public byte[] Build(CertificateSpec spec) => TbsBuilder.Build(spec, Serial, KeyAlgorithm.EcP256);

    public ImmutableArray<LintFinding> Lint(byte[] tbs, CertificateSpec spec) => TbsLint.Check(tbs, spec, Serial, FactsOf(spec));

    public static IssuerFacts FactsOf(CertificateSpec spec) => spec.Issuer.CertificateDer is { } der
        ? IssuerFacts.Read(der, spec.Issuer.AboveDer)
        : IssuerFacts.OfNewRoot(spec.Key.SubjectPublicKeyInfo);

    /// <summary>Signs whatever it is given.</summary>
    public static byte[] Sign(byte[] tbs, ECDsa key) =>
        SignedCertificate.Assemble(tbs, key.SignData(tbs, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    private byte[] Sign(CertificateSpec spec, ECDsa key) => Sign(Build(spec), key);

    private static CertificateSpec Authority(CertificateRole role, IssuerKey issuer, string name, ECDsa key) => new()
    {
        Role = role,
        Issuer = issuer,
        SubjectCommonName = name,
        Key = PublicOf(key),
        NotBefore = Now.AddDays(-2),
        NotAfter = Now.AddDays(3650),
        Constraints = GrpcCa.ControlPlane.Issuance.NameConstraints.Parse(["net.gq", "localhost", "100.64.0.0/10"]),
    };

    private CertificateSpec Leaf(CertificateRole role, IssuerKey issuer) => new()
    {
        Role = role,
        Issuer = issuer,
        Names = [Identifier.ParseDns("ca.net.gq"), Identifier.ParseIp("100.64.0.1")],
        Key = PublicOf(LeafKey),
        NotBefore = Now.AddMinutes(-1),
        NotAfter = Now.AddHours(24).AddSeconds(-1),
    };
}

using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.Benchmarks;

/// <summary>What one leaf costs in the corridor beside its signature and its rows: built, linted, read back.</summary>
[MemoryDiagnoser]
public class Issuing
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);
    private readonly SerialNumber serial = SerialNumber.New();
    private CertificateSpec spec = null!;
    private IssuerReading issuer = null!;
    private byte[] tbs = null!, certificate = null!, request = null!;

    [GlobalSetup]
    public void Prepare()
    {
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var uri = new KeyUri("file", "issuer.p8");
        var root = new CertificateSpec
        {
            Role = CertificateRole.Root,
            Issuer = new IssuerKey("authorities/main", uri, null),
            SubjectCommonName = "Net Root",
            Key = PublicOf(issuerKey),
            NotBefore = Now.AddDays(-2),
            NotAfter = Now.AddDays(3650),
            Constraints = NameConstraints.Parse(["net.gq"]),
        };
        var issuerDer = Sign(TbsBuilder.Build(root, serial, KeyAlgorithm.EcP256), issuerKey);
        spec = new CertificateSpec
        {
            Role = CertificateRole.Leaf,
            Issuer = new IssuerKey("authorities/main/issuers/1", uri, issuerDer),
            Names = [Identifier.ParseDns("nas.net.gq")],
            Key = PublicOf(leafKey),
            NotBefore = Now,
            NotAfter = Now.AddDays(1),
            ExtendedKeyUsages = ["serverAuth"],
            CrlUrl = "http://ca.net.gq/crl/1",
            IssuerUrl = "http://ca.net.gq/issuer-1.crt",
        };
        issuer = new IssuerReading(IssuerFacts.Read(issuerDer, []), PublicOf(issuerKey), KeyAlgorithm.EcP256);
        tbs = Built();
        certificate = Sign(tbs, issuerKey);
        request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=nas.net.gq", leafKey, HashAlgorithmName.SHA256).CreateSigningRequest();
    }

    [Benchmark]
    public byte[] Built() => TbsBuilder.Build(spec, serial, KeyAlgorithm.EcP256);

    [Benchmark]
    public bool Linted() => TbsLint.Check(tbs, spec, serial, issuer.Facts).IsEmpty;

    /// <summary>With the signature verified.</summary>
    [Benchmark]
    public void ReadBackAgain() => ReadBack.Check(certificate, tbs, spec, serial, issuer);

    [Benchmark]
    public bool SignatureVerified() => issuer.Key.Verify(issuer.Scheme, tbs, SignedCertificate.TakeApart(certificate).Signature, EcdsaEncoding.Der);

    /// <summary>With the proof of possession, by a key that was not seen before.</summary>
    [Benchmark]
    public object RequestRead() => CertificateSigningRequest.Parse(request);

    private static PublicKey PublicOf(ECDsa key) => PublicKey.FromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo());

    private static byte[] Sign(byte[] tbs, ECDsa key) =>
        SignedCertificate.Assemble(tbs, key.SignData(tbs, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
}

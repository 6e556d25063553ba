using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Tests.Issuance.Lint;

namespace GrpcCa.ControlPlane.Tests.Issuance;

/// <summary>
/// The last look does not load certificates with OpenSSL, which is slow at it. Here it does: what OpenSSL does not read, or reads
/// as something else than specified, the last look must not let pass either.
/// </summary>
public sealed class ReadBackAndOpenSslTests
{
    private readonly Scene scene = new();

    [Fact]
    public void Check_EveryRoleAndKindOfKey_OpenSslAgrees()
    {
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var rsa = RSA.Create(2048);
        foreach (var role in Enum.GetValues<CertificateRole>())
        {
            var usual = scene.Spec(role);
            CertificateSpec[] specs = usual.Role.IsAuthority() ? [usual] : [usual, usual with { Key = Scene.PublicOf(p521) }, usual with { Key = Scene.PublicOf(rsa) }];
            foreach (var spec in specs)
            {
                var tbs = scene.Build(spec);
                Assert.Null(FaultOf(tbs, spec));
                Assert.Null(OpenSslFaultOf(tbs, spec));
            }
        }
    }

    [Fact]
    public void Check_EveryMutantThatOpenSslFinds_IsFound()
    {
        var found = 0;
        foreach (var mutant in Mutants.All)
        {
            var spec = mutant.SpecIn(scene);
            var tbs = mutant.Break(scene, TbsParts.Of(scene.Build(spec)));
            if (OpenSslFaultOf(tbs, spec) is not { } fault) continue;
            found++;
            Assert.True(FaultOf(tbs, spec) is not null, $"a mutant of {mutant.Rule} passes, of which OpenSSL says: {fault}");
        }
        Assert.InRange(found, 50, Mutants.All.Count);
    }

    [Theory]
    [InlineData(nameof(CertificateRole.Leaf))]
    [InlineData(nameof(CertificateRole.Intermediate))]
    public void Check_EveryFlippedBitThatOpenSslFinds_IsFound(string role)
    {
        var spec = scene.Spec(Enum.Parse<CertificateRole>(role));
        var tbs = scene.Build(spec);
        var found = 0;
        for (var bit = 0; bit < tbs.Length * 8; bit++)
        {
            var flipped = tbs.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            if (OpenSslFaultOf(flipped, spec) is not { } fault) continue;
            found++;
            Assert.True(FaultOf(flipped, spec) is not null, $"bit {bit % 8} of octet {bit / 8} flipped passes, of which OpenSSL says: {fault}");
        }
        Assert.InRange(found, tbs.Length * 4, tbs.Length * 8);
    }

    private string? FaultOf(byte[] tbs, CertificateSpec spec)
    {
        try
        {
            var facts = Scene.FactsOf(spec);
            var issuer = new IssuerReading(facts, GrpcCa.ControlPlane.Pki.PublicKey.FromSubjectPublicKeyInfo(facts.SubjectPublicKeyInfo), KeyAlgorithm.EcP256);
            ReadBack.Check(Signed(tbs, spec), tbs, spec, scene.Serial, issuer);
            return null;
        }
        catch (ReadBackException fault)
        {
            return fault.Message;
        }
    }

    private string? OpenSslFaultOf(byte[] tbs, CertificateSpec spec)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(Signed(tbs, spec));
            return DifferenceOf(certificate, spec);
        }
        catch (Exception fault) when (fault is CryptographicException or InvalidOperationException)
        {
            return fault.Message;
        }
    }

    private string? DifferenceOf(X509Certificate2 certificate, CertificateSpec spec)
    {
        if (certificate.Version != 3) return "version";
        if (!certificate.SerialNumberBytes.Span.SequenceEqual(scene.Serial.Bytes.Span)) return "serial number";
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(spec.Key.SubjectPublicKeyInfo.Span)) return "key";
        if (new DateTimeOffset(certificate.NotBefore) != spec.NotBefore || new DateTimeOffset(certificate.NotAfter) != spec.NotAfter) return "validity";
        var issuer = spec.Role.IsSelfSigned() ? certificate.SubjectName.RawData : Scene.FactsOf(spec).SubjectName.ToArray();
        if (!certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer)) return "issuer";
        var subject = spec.SubjectCommonName.Length == 0 ? "" : "CN=" + spec.SubjectCommonName;
        if (certificate.SubjectName.Name != subject) return "subject";
        var constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().SingleOrDefault();
        if (constraints?.CertificateAuthority != spec.Role.IsAuthority() || constraints.HasPathLengthConstraint != spec.Role.IsAuthority()) return "basic constraints";
        if (spec.Role.IsAuthority() && constraints.PathLengthConstraint != spec.EffectivePathLength) return "path length";
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToList();
        var found = names.SelectMany(n => n.EnumerateDnsNames()).Select(n => "dns:" + n).Concat(names.SelectMany(n => n.EnumerateIPAddresses()).Select(a => "ip:" + a));
        return found.Order(StringComparer.Ordinal).SequenceEqual(spec.Names.Select(n => n.ToString()).Order(StringComparer.Ordinal)) ? null : "names";
    }

    // Neither reading is about the frame or the signature: whatever stands inside is put into a good one.
    private byte[] Signed(byte[] tbs, CertificateSpec spec)
    {
        var key = spec.Issuer.Key == Scene.RootUri ? scene.RootKey : spec.Issuer.Key == Scene.IssuerUri ? scene.IssuerKey : scene.IdentityKey;
        var signature = key.SignData(tbs, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Der.Sequence(tbs, Der.Sequence(Der.Oid("1.2.840.10045.4.3.2")), Der.Tagged(0x03, [0x00], signature));
    }
}

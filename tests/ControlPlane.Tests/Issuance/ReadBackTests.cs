using System.Security.Cryptography;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Tests.Issuance.Lint;

namespace GrpcCa.ControlPlane.Tests.Issuance;

/// <summary>The last look must not rest on the lint: each difference is found by the platform's reading, too.</summary>
public sealed class ReadBackTests
{
    private readonly Scene scene = new();

    private CertificateSpec Leaf => scene.Spec(CertificateRole.Leaf);

    [Fact]
    public void Check_EveryRole_Agrees()
    {
        foreach (var role in Enum.GetValues<CertificateRole>())
        {
            var spec = scene.Spec(role);
            ReadBack.Check(SignedFor(spec, scene.Build(spec)), scene.Build(spec), spec, scene.Serial, IssuerOf(spec));
        }
    }

    [Fact]
    public void Check_OtherBytesThanRecorded_Refuses()
    {
        var recorded = scene.Build(Leaf);
        var other = scene.Build(Leaf with { NotAfter = Leaf.NotAfter.AddSeconds(1) });

        Refuses("recorded", SignedFor(Leaf, other), recorded, Leaf);
    }

    [Fact]
    public void Check_SignatureOfAnotherKey_Refuses()
    {
        var tbs = scene.Build(Leaf);

        Refuses("signature", Scene.Sign(tbs, scene.RootKey), tbs, Leaf);
    }

    [Fact]
    public void Check_BytesAfterTheCertificate_Refuses()
    {
        var tbs = scene.Build(Leaf);

        Refuses("cannot be read", [.. SignedFor(Leaf, tbs), 0x00], tbs, Leaf);
    }

    [Fact]
    public void Check_EveryFieldOtherThanSpecified_IsFound()
    {
        var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Dictionary<string, CertificateSpec> made = new()
        {
            ["key"] = Leaf with { Key = Scene.PublicOf(other) },
            ["starts"] = Leaf with { NotBefore = Leaf.NotBefore.AddSeconds(1) },
            ["ends"] = Leaf with { NotAfter = Leaf.NotAfter.AddSeconds(1) },
            ["subject"] = Leaf with { SubjectCommonName = "nas.net.gq" },
            ["issuer"] = Leaf with { Issuer = scene.Root },
            ["names"] = Leaf with { Names = Leaf.Names.Add(Identifier.ParseDns("www.net.gq")) },
        };
        foreach (var (word, spec) in made)
        {
            var tbs = scene.Build(spec);
            Refuses(word, Scene.Sign(tbs, scene.IssuerKey), tbs, Leaf);
        }
        var serial = TbsBuilder.Build(Leaf, SerialNumber.New(), KeyAlgorithm.EcP256);
        Refuses("serial", Scene.Sign(serial, scene.IssuerKey), serial, Leaf);
    }

    [Fact]
    public void Check_EveryKindOfExtraName_IsFound()
    {
        foreach (var mutant in Mutants.All.Where(m => m is { Rule: "san-kinds", Role: CertificateRole.Leaf }))
        {
            var tbs = mutant.Break(scene, TbsParts.Of(scene.Build(Leaf)));
            Refuses("", Scene.Sign(tbs, scene.IssuerKey), tbs, Leaf);
        }
    }

    [Fact]
    public void Check_LeafThatSaysItIsAnAuthority_IsFound()
    {
        var parts = TbsParts.Of(scene.Build(Leaf));
        parts.Replace("2.5.29.19", Der.Sequence([0x01, 0x01, 0xFF]));
        var tbs = parts.Encode();

        Refuses("authority", Scene.Sign(tbs, scene.IssuerKey), tbs, Leaf);
    }

    private void Refuses(string word, byte[] certificate, byte[] recorded, CertificateSpec spec)
    {
        var refused = Assert.Throws<ReadBackException>(() => ReadBack.Check(certificate, recorded, spec, scene.Serial, IssuerOf(spec)));
        Assert.Contains(word, refused.Message, StringComparison.Ordinal);
    }

    private byte[] SignedFor(CertificateSpec spec, byte[] tbs) => Scene.Sign(tbs,
        spec.Issuer.Key == Scene.RootUri ? scene.RootKey : spec.Issuer.Key == Scene.IssuerUri ? scene.IssuerKey : scene.IdentityKey);

    private static IssuerReading IssuerOf(CertificateSpec spec)
    {
        var facts = Scene.FactsOf(spec);
        return new IssuerReading(facts, PublicKey.FromSubjectPublicKeyInfo(facts.SubjectPublicKeyInfo), KeyAlgorithm.EcP256);
    }
}

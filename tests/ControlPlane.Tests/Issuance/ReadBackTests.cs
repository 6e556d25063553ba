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

    /// <summary>What BouncyCastle or OpenSSL would read all the same.</summary>
    [Fact]
    public void Check_EveryLooseWriting_IsFound()
    {
        Dictionary<string, (string Word, Action<TbsParts> Change)> loose = new()
        {
            ["serial number with an octet too many"] = ("read", parts => parts.Serial = Der.Integer([0, .. Der.Content(parts.Serial)])),
            ["negative serial number"] = ("serial", parts => parts.Serial = Der.Integer([(byte)(Der.Content(parts.Serial)[0] | 0x80), .. Der.Content(parts.Serial)[1..]])),
            ["no version"] = ("read", parts => parts.Version = null),
            ["version 2"] = ("version", parts => parts.Version = Der.Tagged(0xA0, Der.Integer(1))),
            ["two versions"] = ("read", parts => parts.Version = Der.Tagged(0xA0, Der.Integer(2), Der.Integer(2))),
            ["GeneralizedTime before 2050"] = ("form", parts => parts.NotAfter = Der.Generalized("20300103030404Z")),
            ["fractions of a second"] = ("form", parts => parts.NotAfter = Der.Generalized("20300103030404.5Z")),
            ["no seconds"] = ("read", parts => parts.NotAfter = Der.Utc("3001030304Z")),
            ["an offset"] = ("read", parts => parts.NotAfter = Der.Utc("300103030404+0000")),
            ["a third time"] = ("read", parts => parts.NotAfter = [.. parts.NotAfter, .. parts.NotAfter]),
            ["an issuer's unique identifier"] = ("read", parts => parts.UniqueId = Der.Tagged(0x81, [0x00, 0x01])),
            ["a length in the long form"] = ("read", parts => parts.Subject = [0x30, 0x81, 0x00]),
            ["an indefinite length"] = ("read", parts => parts.Subject = [0x30, 0x80, 0x00, 0x00]),
            ["an empty set in the subject"] = ("read", parts => parts.Subject = Der.Sequence(Der.Tagged(0x31))),
            ["parameters of the algorithm"] = ("algorithms", parts => parts.Algorithm = Der.Sequence(Der.Content(parts.Algorithm), [0x05, 0x00])),
            ["unused bits in the key"] = ("key", parts => parts.Key[^66] = 1),
            ["an unknown critical extension"] = ("no certificate of ours", parts => parts.Extensions.Add(new("1.2.3.4", true, [0x05, 0x00]))),
            ["an unknown extension"] = ("no certificate of ours", parts => parts.Extensions.Add(new("1.2.3.4", false, [0x05, 0x00]))),
            ["an extension twice"] = ("twice", parts => parts.Extensions.Add(parts["2.5.29.14"])),
            ["the names twice"] = ("twice", parts => parts.Extensions.Add(parts["2.5.29.17"])),
            ["the default of critical"] = ("not critical", parts => parts.Extensions[1] = parts.Extensions[1] with { WritesDefault = true }),
            ["no extensions"] = ("read", parts => parts.Extensions.Clear()),
            ["no basic constraints"] = ("authority", parts => parts.Remove("2.5.29.19")),
            ["basic constraints that are not critical"] = ("another way", parts => parts.Criticality("2.5.29.19", false)),
            ["basic constraints with a long length"] = ("another way", parts => parts.Replace("2.5.29.19", [0x30, 0x81, 0x00])),
            ["basic constraints that write their default"] = ("another way", parts => parts.Replace("2.5.29.19", Der.Sequence([0x01, 0x01, 0x00]))),
            ["bytes after the basic constraints"] = ("read", parts => parts.Replace("2.5.29.19", [0x30, 0x00, 0x05, 0x00])),
            ["no names"] = ("names", parts => parts.Remove("2.5.29.17")),
            ["bytes after the names"] = ("read", parts => parts.Replace("2.5.29.17", [.. parts["2.5.29.17"].Value, 0x05, 0x00])),
            ["names with a long length"] = ("read", parts => parts.Replace("2.5.29.17", [0x30, 0x82, 0x00, .. parts["2.5.29.17"].Value[1..]])),
            ["a name in pieces"] = ("", parts => parts.AddName(0xA2, Der.Tagged(0x16, "www.net.gq"u8.ToArray()))),
            ["an address with a mask"] = ("read", parts => parts.AddName(0x87, [100, 64, 0, 0, 255, 192, 0, 0])),
        };
        foreach (var (what, (word, change)) in loose)
        {
            var parts = TbsParts.Of(scene.Build(Leaf));
            change(parts);
            var tbs = parts.Encode();
            var refused = Assert.Throws<ReadBackException>(() => ReadBack.Check(WrittenAround(tbs), tbs, Leaf, scene.Serial, IssuerOf(Leaf)));
            Assert.True(refused.Message.Contains(word, StringComparison.Ordinal), $"{what}: {refused.Message}");
        }
    }

    [Fact]
    public void Check_LooseWritingAroundTheSignedBytes_IsFound()
    {
        var tbs = scene.Build(Leaf);
        var good = WrittenAround(tbs);
        ReadBack.Check(good, tbs, Leaf, scene.Serial, IssuerOf(Leaf));
        Assert.Equal([0x30, 0x82], good[..2]);

        Refuses("cannot be read", [0x30, 0x83, 0x00, .. good[2..]], tbs, Leaf);
        Refuses("cannot be read", [0x30, 0x80, .. good[4..], 0x00, 0x00], tbs, Leaf);
        Refuses("cannot be read", good[..^1], tbs, Leaf);
        Refuses("cannot be read", Around(tbs, Der.Sequence(Der.Oid("1.2.840.10045.4.3.2")), 0x01), tbs, Leaf);
        Refuses("cannot be read", Der.Sequence(Der.Content(good), [0x05, 0x00]), tbs, Leaf);
        // RFC 5758 §3.2: no parameters; another hash would not verify with what is inside.
        Refuses("algorithms", Around(tbs, Der.Sequence(Der.Oid("1.2.840.10045.4.3.2"), [0x05, 0x00]), 0x00), tbs, Leaf);
        Refuses("algorithms", Around(tbs, Der.Sequence(Der.Oid("1.2.840.10045.4.3.3")), 0x00), tbs, Leaf);
    }

    [Fact]
    public void Check_SubjectOfTwoTexts_IsFound()
    {
        var spec = scene.Spec(CertificateRole.Intermediate);
        var parts = TbsParts.Of(scene.Build(spec));
        var text = Der.Sequence(Der.Oid("2.5.4.3"), Der.Tagged(0x0C, "Net Issuer 1"u8.ToArray()));
        byte[][] subjects = [Der.Sequence(Der.Tagged(0x31, text), Der.Tagged(0x31, text)), Der.Sequence(Der.Tagged(0x31, text, text))];
        foreach (var subject in subjects)
        {
            parts.Subject = subject;
            var tbs = parts.Encode();
            Refuses("subject", Scene.Sign(tbs, scene.RootKey), tbs, spec);
        }
    }

    /// <summary>By hand: the product's writer would not take what is no DER.</summary>
    private byte[] WrittenAround(byte[] tbs) => Around(tbs, Der.Sequence(Der.Oid("1.2.840.10045.4.3.2")), 0x00);

    private byte[] Around(byte[] tbs, byte[] algorithm, byte unused) =>
        Der.Sequence(tbs, algorithm, Der.Tagged(0x03, [unused], scene.IssuerKey.SignData(tbs, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));

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

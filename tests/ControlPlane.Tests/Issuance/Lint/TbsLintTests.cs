using System.Collections.Immutable;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Tests.Issuance.Lint;

public sealed class TbsLintTests
{
    private readonly Scene scene = new();

    public static TheoryData<string> Roles => [.. Enum.GetNames<CertificateRole>()];

    public static TheoryData<int> MutantNumbers => [.. Enumerable.Range(0, Mutants.All.Count)];

    [Theory]
    [MemberData(nameof(Roles))]
    public void Check_WhatTheBuilderMakes_FindsNothing(string role)
    {
        var spec = scene.Spec(Enum.Parse<CertificateRole>(role));

        Assert.Empty(scene.Lint(scene.Build(spec), spec));
    }

    [Theory]
    [MemberData(nameof(MutantNumbers))]
    public void Check_Mutant_ItsRuleReportsAndNoOther(int number)
    {
        var mutant = Mutants.All[number];
        var spec = mutant.SpecIn(scene);
        var tbs = mutant.Break(scene, TbsParts.Of(scene.Build(spec)));

        var found = scene.Lint(tbs, spec);
        Assert.True(mutant.Also.Append(mutant.Rule).ToHashSet().SetEquals(found.Select(f => f.Rule)),
            $"mutant {number} of {mutant.Rule}: {string.Join("; ", found)}");
    }

    [Fact]
    public void Rules_All_HaveAMutantAndANameOfTheirOwn()
    {
        Assert.Equal(TbsLint.Rules.Length, TbsLint.Rules.Select(rule => rule.Name).Distinct().Count());
        Assert.Empty(TbsLint.Rules.Select(rule => rule.Name).Except(Mutants.All.Select(mutant => mutant.Rule)));
        Assert.Empty(Mutants.All.SelectMany(mutant => mutant.Also.Append(mutant.Rule)).Except(TbsLint.Rules.Select(rule => rule.Name)));
        Assert.All(TbsLint.Rules, rule => Assert.NotEmpty(rule.Section));
    }

    [Fact]
    public void Rules_OfTheLeaf_AreAtLeastTwentyFive() => Assert.InRange(TbsLint.Rules.Count(rule => rule.Roles.Contains(CertificateRole.Leaf)), 25, 100);

    [Theory]
    [MemberData(nameof(Roles))]
    public void Rules_EveryRole_MutantsOfEveryRuleThatIsForItExistSomewhere(string role)
    {
        var rules = TbsLint.Rules.Where(rule => rule.Roles.Contains(Enum.Parse<CertificateRole>(role))).ToList();

        Assert.All(rules, rule => Assert.Contains(Mutants.All, mutant => mutant.Rule == rule.Name && rule.Roles.Contains(mutant.Role)));
    }

    [Fact]
    public void Check_EveryFlippedBit_FindsSomething()
    {
        foreach (var role in Enum.GetValues<CertificateRole>())
        {
            var spec = scene.Spec(role);
            var tbs = scene.Build(spec);
            var facts = Scene.FactsOf(spec);
            for (var bit = 0; bit < tbs.Length * 8; bit++)
            {
                var flipped = tbs.ToArray();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(TbsLint.Check(flipped, spec, scene.Serial, facts).IsEmpty, $"bit {bit % 8} of octet {bit / 8} of a {role} flipped unnoticed");
            }
        }
    }

    [Fact]
    public void Check_EveryTruncation_FindsSomething()
    {
        var spec = scene.Spec(CertificateRole.Leaf);
        var tbs = scene.Build(spec);

        for (var length = 0; length < tbs.Length; length++) Assert.NotEmpty(scene.Lint(tbs[..length], spec));
    }

    [Theory]
    [InlineData("EC_P384")]
    [InlineData("EC_P521")]
    [InlineData("RSA_2048")]
    [InlineData("RSA_3072")]
    [InlineData("RSA_4096")]
    [InlineData("ED25519")]
    public void Check_EveryKindOfLeafKey_FindsNothing(string kind)
    {
        var spec = scene.Spec(CertificateRole.Leaf) with { Key = NewKey(kind) };

        Assert.Equal(kind, spec.Key.TypeText);
        Assert.Empty(scene.Lint(scene.Build(spec), spec));
    }

    [Fact]
    public void Check_ConstraintsOfTheRootAlone_HoldForTheLeaf()
    {
        var spec = scene.Spec(CertificateRole.Leaf);
        var open = scene.Build(scene.Spec(CertificateRole.Intermediate) with { Constraints = null });
        var name = Identifier.ParseDns("nas.example.org");
        var below = spec with { Names = [name], Issuer = spec.Issuer with { CertificateDer = Scene.Sign(open, scene.RootKey) } };

        Assert.Equal(["name-constraints-kept"], scene.Lint(scene.Build(below), below).Select(f => f.Rule));
        var alone = below with { Issuer = below.Issuer with { AboveDer = [] } };
        Assert.Empty(scene.Lint(scene.Build(alone), alone));
    }

    [Theory]
    [InlineData("net.gq", "dns:nas.net.gq", true)]
    [InlineData("net.gq", "dns:net.gq", true)]
    [InlineData("net.gq", "dns:*.net.gq", true)]
    [InlineData("net.gq", "dns:evilnet.gq", false)]
    [InlineData("net.gq", "ip:100.64.0.1", false)]
    [InlineData("100.64.0.0/10", "ip:100.127.255.255", true)]
    [InlineData("100.64.0.0/10", "ip:100.128.0.0", false)]
    [InlineData("100.64.0.0/10", "dns:nas.net.gq", false)]
    [InlineData("100.64.0.0/10", "ip:fd7a:115c:a1e0::1", false)]
    [InlineData("fd7a:115c:a1e0::/48", "ip:fd7a:115c:a1e0::1", true)]
    public void Check_NameBelowAConstrainedIssuer_IsHeldAgainstEveryKind(string permitted, string name, bool kept)
    {
        var spec = scene.Spec(CertificateRole.Leaf);
        var constraints = GrpcCa.ControlPlane.Issuance.NameConstraints.Parse([permitted]);
        var issuer = scene.Build(scene.Spec(CertificateRole.Intermediate) with { Constraints = constraints });
        var below = spec with
        {
            Names = [Identifier.ParseKind(name)],
            Issuer = spec.Issuer with { CertificateDer = Scene.Sign(issuer, scene.RootKey), AboveDer = [] },
        };

        Assert.Equal(kept ? [] : ["name-constraints-kept"], scene.Lint(scene.Build(below), below).Select(f => f.Rule));
    }

    [Theory]
    [InlineData("not an authority", "2.5.29.19")]
    [InlineData("no key identifier", "2.5.29.14")]
    public void IssuerFacts_CertificateThatCannotIssue_IsRefused(string why, string without)
    {
        var parts = TbsParts.Of(scene.Build(scene.Spec(CertificateRole.Intermediate)));
        parts.Remove(without);

        var refused = Assert.Throws<InvalidOperationException>(() => IssuerFacts.Read(Scene.Sign(parts.Encode(), scene.RootKey), ImmutableArray<byte[]>.Empty));
        Assert.Contains("issuer's certificate", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(why);
    }

    [Fact]
    public void IssuerFacts_LeafAsIssuer_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => IssuerFacts.Read(Scene.Sign(scene.Build(scene.Spec(CertificateRole.Leaf)), scene.IssuerKey), []));

    private static PublicKey NewKey(string kind)
    {
        if (kind == "ED25519")
        {
            var seed = RandomNumberGenerator.GetBytes(32);
            return PublicKey.FromEd25519(new Org.BouncyCastle.Crypto.Parameters.Ed25519PrivateKeyParameters(seed).GeneratePublicKey().GetEncoded());
        }
        using AsymmetricAlgorithm key = kind switch
        {
            "EC_P384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            "EC_P521" => ECDsa.Create(ECCurve.NamedCurves.nistP521),
            _ => RSA.Create(int.Parse(kind[4..])),
        };
        return Scene.PublicOf(key);
    }
}

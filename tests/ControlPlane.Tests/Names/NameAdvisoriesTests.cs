using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Tests.Names;

/// <summary>What went wrong with names elsewhere, and must not here.</summary>
public sealed class NameAdvisoriesTests
{
    // acme2certifier #350 and ADCS: matching by suffix.
    [Theory]
    [InlineData("evilnet.gq")]
    [InlineData("a.evilnet.gq")]
    [InlineData("a.net.gq.evil.gq")]
    [InlineData("net-gq")]
    [InlineData("anet.gq")]
    public void Suffix_IsNotAMatch(string name) => AssertRefused(name, "subtree:net.gq", "label:net.gq", "exact:net.gq");

    // OpenBao GHSA-59w7-v8rr-pr4p: glob characters in text from outside.
    [Theory]
    [InlineData("*")]
    [InlineData("*.*")]
    [InlineData("*.net.gq")]
    [InlineData("**.net.gq")]
    [InlineData("n?s.net.gq")]
    [InlineData("nas.*")]
    [InlineData("[n]as.net.gq")]
    [InlineData("nas.net.gq/")]
    [InlineData("nas.net.gq/../x")]
    [InlineData("%2a.net.gq")]
    [InlineData(".net.gq")]
    [InlineData("subtree:net.gq")]
    [InlineData("nas,net.gq")]
    public void GlobCharacters_InAName_NeverMatch(string name) => AssertRefused(name, "subtree:net.gq", "label:net.gq", "exact:nas.net.gq");

    // NUL and other invisible characters, and letters that look like others.
    [Theory]
    [InlineData("nas.net.gq\0.evil.gq")]
    [InlineData("nas\0.net.gq")]
    [InlineData("nas.net.gq\n")]
    [InlineData("nas .net.gq")]
    [InlineData("nas\u200b.net.gq")]
    [InlineData("nas\u00ad.net.gq")]
    [InlineData("nаs.net.gq")]
    [InlineData("nas.net\u3002gq")]
    [InlineData("\uff4eas.net.gq")]
    [InlineData("naſ.net.gq")]
    [InlineData("nas.net.gQ\u0307")]
    public void LookAlikes_NeverMatch(string name) => AssertRefused(name, "subtree:net.gq", "label:net.gq", "exact:nas.net.gq");

    [Fact]
    public void PunycodeLookAlike_IsAnotherName() => AssertRefused("xn--ns-7kc.net.gq", "exact:nas.net.gq");

    // Vault CVE-2024-7594, Dogtag #387: an empty list is not everything.
    [Fact]
    public void EmptyLists_AllowNothing()
    {
        Assert.False(NamePolicy.Decide([], Rules.Name("nas.net.gq"), Rules.Now).Allowed);
        Assert.False(NamePolicy.Decide([Rules.Provisioner()], Rules.Name("nas.net.gq"), Rules.Now).Allowed);
        Assert.False(NamePolicy.Decide([Rules.Authority()], Rules.Name("100.64.0.1"), Rules.Now).Allowed);
    }

    // OpenBao GHSA-g892-p242-8g86: an address must not pass a policy that speaks of names, nor a name one of addresses.
    [Fact]
    public void Kinds_AreJudgedByTheirOwnRules()
    {
        AssertRefused("100.64.0.1", "subtree:gq", "exact:localhost");
        AssertRefused("nas.net.gq", "ip:0.0.0.0/0", "ip:::/0");
    }

    // Boulder 2020-02-29: N names, one checked N times.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void OneBadName_IsFoundAtEachPosition(int position)
    {
        var names = Enumerable.Range(0, 5).Select(n => Rules.Name(n == position ? "bad.example" : $"host{n}.net.gq"));
        NameLevel[] levels = [Rules.Provisioner(Rules.Allow("subtree:net.gq"))];

        var refused = names.Select((name, at) => (at, NamePolicy.Decide(levels, name, Rules.Now).Allowed)).Where(judged => !judged.Allowed);

        Assert.Equal([position], refused.Select(judged => judged.at));
    }

    private static void AssertRefused(string name, params string[] patterns)
    {
        var type = char.IsAsciiDigit(name[^1]) ? "ip" : "dns";
        // A name that cannot be read never reaches the policy.
        if (!Identifier.TryParse(type, name, out var parsed, out _, out _)) return;
        var decision = NamePolicy.Decide([Rules.Provisioner([.. patterns.Select(pattern => Rules.Allow(pattern))])], parsed!, Rules.Now);
        Assert.False(decision.Allowed, decision.Explanation);
    }
}

using GrpcCa.AdminCli.Documents;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Documents;

/// <summary>Policies of step-ca become rules, and what has no meaning here is told.</summary>
public sealed class StepPolicyTests
{
    private const string Full = """
        {"authority": {"policy": {
          "x509": {
            "allow": {"dns": ["nas.net.gq", "*.home.net.gq"], "ip": ["100.64.1.2/10", "192.168.1.7"], "email": ["@net.gq"]},
            "deny": {"dns": ["*.bank.net.gq"], "cn": ["root"]},
            "allowWildcardNames": false
          },
          "ssh": {"user": {"allow": {"email": ["a@b"]}}}
        }}}
        """;

    [Fact]
    public void Policy_OfAWholeConfiguration_BecomesRules()
    {
        var read = Read(Full);

        Assert.Equal(
            ["allow exact:nas.net.gq", "allow label:home.net.gq", "allow ip:100.64.0.0/10", "allow ip:192.168.1.7", "deny label:bank.net.gq", "deny wildcard:bank.net.gq"],
            read.Level.Rules.Select(Text));
        Assert.Equal("provisioners/acme", read.Level.Level);
        Assert.Equal(3, read.Lost.Count);
        Assert.Contains(read.Lost, l => l.Contains("ssh", StringComparison.Ordinal));
        Assert.Contains(read.Lost, l => l.Contains("allow.email: @net.gq", StringComparison.Ordinal));
        Assert.Contains(read.Lost, l => l.Contains("deny.cn: root", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"x509": {"allow": {"dns": ["*.net.gq"]}, "allowWildcardNames": true}}""", "allow label:net.gq, allow wildcard:net.gq")]
    [InlineData("""{"policy": {"x509": {"allow": {"dns": ["*.net.gq", "*.net.gq"]}}}}""", "allow label:net.gq")]
    [InlineData("x509:\n  allow:\n    dns: [a.net.gq]\n", "allow exact:a.net.gq")]
    public void Policy_WithWildcards_IsAsNarrowAsThere(string text, string expected)
    {
        var read = Read(text);

        Assert.Equal(expected, string.Join(", ", read.Level.Rules.Select(Text)));
        Assert.Empty(read.Lost);
    }

    [Fact]
    public void Policy_WithoutAllowRules_SaysWhatChanges() =>
        Assert.Contains("allows nothing", Assert.Single(Read("""{"x509": {"deny": {"dns": ["a.net.gq"]}}}""").Lost), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"nameLevels": []}""")]
    [InlineData("[]")]
    [InlineData("policy: {}")]
    public void Document_WithoutAPolicy_IsNone(string text) => Assert.Null(StepPolicy.Find(DocumentText.Read(text, [])));

    [Fact]
    public void Rules_ThereAndBack_AreTheSame()
    {
        var rules = Read("""{"x509": {"allow": {"dns": ["nas.net.gq", "*.net.gq"], "ip": ["10.0.0.0/8"]}, "deny": {"dns": ["b.net.gq"]}, "allowWildcardNames": true}}""")
            .Level.Rules.Select(AsRule).ToList();

        var (policy, lost) = StepPolicyText.Of(rules);

        Assert.Empty(lost);
        Assert.Equal(rules.Select(r => (r.Effect, r.Pattern)), Read(policy.ToJsonString()).Level.Rules.Select(AsRule).Select(r => (r.Effect, r.Pattern)));
    }

    [Theory]
    [InlineData("subtree:net.gq")]
    [InlineData("wildcard:net.gq")]
    public void Rule_ThatStepCaCannotSay_IsTold(string pattern)
    {
        var (policy, lost) = StepPolicyText.Of([new NameRule { Effect = NameRule.Types.Effect.Allow, Pattern = pattern }]);

        Assert.Contains(pattern, Assert.Single(lost), StringComparison.Ordinal);
        Assert.Empty(policy["x509"]!["allow"]!["dns"]!.AsArray());
    }

    private static StepPolicy Read(string text) => StepPolicy.Read(StepPolicy.Find(DocumentText.Read(text, []))!, "provisioners/acme");

    private static string Text(DeclaredNameRule rule) => rule.EffectCase == DeclaredNameRule.EffectOneofCase.Allow ? "allow " + rule.Allow : "deny " + rule.Deny;

    private static NameRule AsRule(DeclaredNameRule rule) => new()
    {
        Effect = rule.EffectCase == DeclaredNameRule.EffectOneofCase.Allow ? NameRule.Types.Effect.Allow : NameRule.Types.Effect.Deny,
        Pattern = rule.EffectCase == DeclaredNameRule.EffectOneofCase.Allow ? rule.Allow : rule.Deny,
    };
}

using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Names;

public sealed class NameRuleTests
{
    private static readonly NameRulePattern Pattern = NameRulePattern.Parse("subtree:test");

    [Fact]
    public void Rule_New_HasARandomIdAndItsFacts()
    {
        var rule = NameRule.Create("provisioners/acme", NameRuleEffect.Allow, Pattern, "system", Rules.Now, "why", Rules.Now.AddDays(1));

        Assert.Matches("^[0-9a-f]{32}$", rule.Id);
        Assert.NotEqual(rule.Id, Rules.Allow("subtree:test").Id);
        Assert.Equal((NameRuleForm.Subtree, "test", "why"), (rule.Form, rule.Value, rule.Comment));
        var audited = NameRuleAudit.Created(rule, "operators/alice", Rules.Now);
        Assert.Equal(("nameRule.create", $"nameRules/{rule.Id}"), (audited.Action, audited.Resource));
        Assert.Contains(new KeyValuePair<string, string>("pattern", "subtree:test"), audited.Facts);
    }

    [Theory]
    [InlineData("comment", 501, 1, 1)]
    [InlineData("expire_time", 0, 0, 1)]
    [InlineData("expire_time", 0, -1, 1)]
    [InlineData("effect", 0, 1, 0)]
    [InlineData("effect", 0, 1, 3)]
    public void Rule_WithAWrongField_IsRefusedNamingIt(string field, int comment, int expiresInHours, int effect)
    {
        var refusal = Assert.Throws<RefusalException>(() =>
            NameRule.Create("provisioners/acme", (NameRuleEffect)effect, Pattern, "system", Rules.Now, new string('x', comment), Rules.Now.AddHours(expiresInHours)));

        Assert.Equal((RefusalReason.InvalidArgument, field), (refusal.Reason, refusal.Field));
    }

    [Fact]
    public void Rule_WithControlCharactersInItsComment_IsRefused() => Assert.Throws<RefusalException>(() =>
        NameRule.Create("provisioners/acme", NameRuleEffect.Allow, Pattern, "system", Rules.Now, "a\u001b[2Jb"));
}

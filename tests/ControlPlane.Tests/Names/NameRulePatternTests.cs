using CsCheck;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Names;

public sealed class NameRulePatternTests
{
    [Theory]
    [InlineData("exact:nas.net.gq")]
    [InlineData("exact:localhost")]
    [InlineData("label:net.gq")]
    [InlineData("subtree:net.gq")]
    [InlineData("subtree:test")]
    [InlineData("wildcard:net.gq")]
    [InlineData("exact:xn--bcher-kva.example")]
    [InlineData("ip:100.64.0.0/10")]
    [InlineData("ip:0.0.0.0/0")]
    [InlineData("ip:127.0.0.1/32")]
    [InlineData("ip:fd7a:115c:a1e0::/48")]
    [InlineData("ip:::/0")]
    [InlineData("ip:::1/128")]
    public void Pattern_InCanonicalForm_StaysAsItIs(string text) => Assert.Equal(text, NameRulePattern.Parse(text).ToString());

    [Theory]
    [InlineData("exact:NAS.Net.GQ", "exact:nas.net.gq")]
    [InlineData("subtree:TEST", "subtree:test")]
    [InlineData("ip:100.64.0.1", "ip:100.64.0.1/32")]
    [InlineData("ip:FD7A:115C:A1E0:0:0:0:0:1", "ip:fd7a:115c:a1e0::1/128")]
    [InlineData("ip:fd7a:115c:a1e0:0::/48", "ip:fd7a:115c:a1e0::/48")]
    public void Pattern_InAnotherSpelling_BecomesCanonical(string text, string canonical) =>
        Assert.Equal(canonical, NameRulePattern.Parse(text).ToString());

    [Theory]
    [InlineData("", "no form")]
    [InlineData("nas.net.gq", "no form")]
    [InlineData("Exact:nas.net.gq", "form is unknown")]
    [InlineData("suffix:net.gq", "form is unknown")]
    [InlineData(" exact:nas.net.gq", "form is unknown")]
    [InlineData("exact:", "exact:")]
    [InlineData("exact:*.net.gq", "wildcard:net.gq")]
    [InlineData("label:*.net.gq", "wildcard:net.gq")]
    [InlineData("subtree:*.net.gq", "wildcard:net.gq")]
    [InlineData("wildcard:*.net.gq", "write wildcard:net.gq")]
    [InlineData("exact:1.2.3.4", "ip:1.2.3.4/32")]
    [InlineData("subtree:10.0.0.0", "ip:10.0.0.0/32")]
    [InlineData("exact:fd7a::1", "ip:fd7a::1/128")]
    [InlineData("exact:nas.*.gq", "exact:")]
    [InlineData("exact:*", "exact:")]
    [InlineData("subtree:", "subtree:")]
    [InlineData("subtree:.", "subtree:")]
    [InlineData("subtree:.net.gq", "subtree:")]
    [InlineData("subtree:net.gq.", "subtree:")]
    [InlineData("subtree:net..gq", "subtree:")]
    [InlineData("exact:na\0s.net.gq", "exact:")]
    [InlineData("exact:nas.net.gq\n", "exact:")]
    [InlineData("exact:n?s.net.gq", "exact:")]
    [InlineData("exact:[a-z].net.gq", "exact:")]
    [InlineData("exact:nаs.net.gq", "exact:")] // a Cyrillic а
    [InlineData("ip:", "ip: takes an address or a CIDR")]
    [InlineData("ip:nas.net.gq", "ip: takes an address or a CIDR")]
    [InlineData("ip:100.64.0.0/", "from 0 to 32")]
    [InlineData("ip:100.64.0.0/33", "from 0 to 32")]
    [InlineData("ip:100.64.0.0/010", "from 0 to 32")]
    [InlineData("ip:100.64.0.0/-1", "from 0 to 32")]
    [InlineData("ip:100.64.0.0/10/10", "from 0 to 32")]
    [InlineData("ip:fd7a::/129", "from 0 to 128")]
    [InlineData("ip:100.64.0.1/10", "write ip:100.64.0.0/10")]
    [InlineData("ip:fd7a::1/64", "write ip:fd7a::/64")]
    [InlineData("ip:0100.64.0.1", "ip: takes an address or a CIDR")]
    [InlineData("ip:0x64400001", "ip: takes an address or a CIDR")]
    [InlineData("ip:100.64/10", "ip: takes an address or a CIDR")]
    [InlineData("ip:1681915904", "ip: takes an address or a CIDR")]
    [InlineData("ip:fe80::1%eth0", "ip: takes an address or a CIDR")]
    [InlineData("ip:[fd7a::1]", "ip: takes an address or a CIDR")]
    [InlineData("ip:::ffff:100.64.0.1", "write ip:100.64.0.1/32")]
    public void Pattern_ThatIsNone_IsRefusedWithWhatToWrite(string text, string hint)
    {
        var refusal = Assert.Throws<RefusalException>(() => NameRulePattern.Parse(text));

        Assert.Equal(RefusalReason.InvalidArgument, refusal.Reason);
        Assert.Equal("pattern", refusal.Field);
        Assert.Contains(hint, refusal.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(refusal.Detail, char.IsControl);
    }

    [Fact]
    public void Pattern_OfArbitraryText_ParsesCanonicallyOrIsRefused()
    {
        var forms = Gen.OneOf("exact:", "label:", "subtree:", "wildcard:", "ip:", "", "x:");
        var values = Gen.OneOf(
            Gen.String,
            Gen.String[Gen.OneOf('a', 'B', '1', '.', '-', '*', ':', '/', '\0', 'ß', '%', '0'), 0, 24]);
        Gen.Select(forms, values).Sample((form, value) =>
        {
            try
            {
                var once = NameRulePattern.Parse(form + value);
                return NameRulePattern.Parse(once.ToString()) == once;
            }
            catch (RefusalException refusal)
            {
                return refusal.Reason == RefusalReason.InvalidArgument && !refusal.Detail.Any(char.IsControl);
            }
        }, iter: 20_000);
    }
}

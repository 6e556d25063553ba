using System.Net;
using CsCheck;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Pki;

public sealed class IdentifierTests
{
    private static readonly string Label63 = new('a', 63);
    private static readonly string Name253 = $"{Label63}.{Label63}.{Label63}.{new string('b', 61)}";

    [Theory]
    [InlineData("nas.net.gq", "nas.net.gq")]
    [InlineData("NAS.Net.GQ", "nas.net.gq")]
    [InlineData("localhost", "localhost")]
    [InlineData("*.net.gq", "*.net.gq")]
    [InlineData("*.LOCALHOST", "*.localhost")]
    [InlineData("a-b.c", "a-b.c")]
    [InlineData("my--host.test", "my--host.test")]
    [InlineData("1.example.test", "1.example.test")]
    [InlineData("4.3.2.1.in-addr.arpa", "4.3.2.1.in-addr.arpa")]
    [InlineData("0x7f.net", "0x7f.net")]
    [InlineData("xn--mnchen-3ya.de", "xn--mnchen-3ya.de")]
    [InlineData("XN--MNCHEN-3YA.de", "xn--mnchen-3ya.de")]
    [InlineData("*.xn--strae-oqa.test", "*.xn--strae-oqa.test")]
    [InlineData("xn--fiqs8s", "xn--fiqs8s")]
    [InlineData("xn--wgv71a.test", "xn--wgv71a.test")]
    [InlineData("xn--lcka3v.test", "xn--lcka3v.test")]
    [InlineData("xn--parallel-54a.cat", "xn--parallel-54a.cat")]
    public void Dns_Valid_IsCanonical(string text, string canonical)
    {
        var id = Identifier.ParseDns(text);
        Assert.Equal(IdentifierType.Dns, id.Type);
        Assert.Equal(canonical, id.Value);
        Assert.Equal(canonical.StartsWith('*'), id.IsWildcard);
        Assert.Null(id.Address);
        Assert.Equal(canonical.Split('.'), id.Labels);
    }

    [Fact]
    public void Dns_LongestLabelAndName_AreAccepted()
    {
        Assert.Equal(253, Name253.Length);
        Assert.Equal(Name253, Identifier.ParseDns(Name253).Value);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData(".", "ends in a dot")]
    [InlineData("nas.net.gq.", "ends in a dot")]
    [InlineData(".nas", "empty label")]
    [InlineData("nas..gq", "empty label")]
    [InlineData("*", "wildcard for everything")]
    [InlineData("*.", "ends in a dot")]
    [InlineData("*..gq", "empty label")]
    [InlineData("*.*.gq", "'*' elsewhere")]
    [InlineData("nas.*.gq", "'*' elsewhere")]
    [InlineData("n*s.gq", "'*' elsewhere")]
    [InlineData("*nas.gq", "'*' elsewhere")]
    [InlineData("**.gq", "'*' elsewhere")]
    [InlineData("gq.*", "'*' elsewhere")]
    [InlineData("_acme.gq", "the character '_'")]
    [InlineData("a b.gq", "the character ' '")]
    [InlineData(" a.gq", "the character ' '")]
    [InlineData("a.gq\n", "the character '\\u000a'")]
    [InlineData("a\0.gq", "the character '\\u0000'")]
    [InlineData("a/b.gq", "the character '/'")]
    [InlineData("a.gq:443", "the character ':'")]
    [InlineData("user@a.gq", "the character '@'")]
    [InlineData("::1", "the character ':'")]
    [InlineData("-a.gq", "begins or ends with a hyphen")]
    [InlineData("a-.gq", "begins or ends with a hyphen")]
    [InlineData("a.-", "begins or ends with a hyphen")]
    [InlineData("münchen.de", "A-label")]
    [InlineData("ｎas.gq", "A-label")]
    [InlineData("a。gq", "A-label")]
    [InlineData("1.2.3.4", "looks like an IP address")]
    [InlineData("*.1.2.3.4", "looks like an IP address")]
    [InlineData("127.1", "looks like an IP address")]
    [InlineData("2130706433", "looks like an IP address")]
    [InlineData("0x7f000001", "looks like an IP address")]
    [InlineData("0x7f.1", "looks like an IP address")]
    [InlineData("1.0x7f", "looks like an IP address")]
    [InlineData("a.0X", "looks like an IP address")]
    [InlineData("0177.0.0.01", "looks like an IP address")]
    [InlineData("nas.256", "looks like an IP address")]
    [InlineData("xn--", "hyphen")]
    [InlineData("xn--a.test", "no valid A-label")]
    [InlineData("xn--abc-.test", "hyphen")]
    [InlineData("xn--nas-.test", "hyphen")]
    [InlineData("xn--99999999999.test", "no valid A-label")]
    [InlineData("xn--0.test", "no valid A-label")]
    [InlineData("xn--Mnchen-psa.de", "no valid A-label")] // MÜnchen
    [InlineData("xn--nas-fn0a.test", "no valid A-label")] // with a zero-width joiner
    [InlineData("xn--nas-hfa.test", "no valid A-label")] // with a soft hyphen
    [InlineData("xn--nas-7q0a.test", "no valid A-label")] // with a right-to-left override
    [InlineData("xn--nas-jdc.test", "no valid A-label")] // beginning with an accent
    [InlineData("xn--n-sy8h.test", "no valid A-label")] // with the ligature fi
    [InlineData("xn--b-4o0i.test", "no valid A-label")] // with a full-width A
    [InlineData("xn--zj7c.test", "no valid A-label")] // half-width Katakana
    [InlineData("xn--na-bwu.test", "no valid A-label")] // with the numeral VIII
    [InlineData("xn--ab-0ea.test", "no valid A-label")] // a middle dot that is not between two l
    [InlineData("xn--vek.test", "no valid A-label")] // a Katakana middle dot alone
    [InlineData("xn--n3h.test", "no valid A-label")] // a snowman
    [InlineData("xn--ls8h.la", "no valid A-label")] // an emoji
    [InlineData("xn--mnchen-3YA-x.de", "no valid A-label")]
    [InlineData("xn--xn--mnchen-3ya-ab.de", "no valid A-label")]
    public void Dns_Invalid_IsMalformedWithTheCause(string text, string cause)
    {
        Assert.False(Identifier.TryParse("dns", text, out var id, out var reason, out var detail));
        Assert.Null(id);
        Assert.Equal(RefusalReason.Malformed, reason);
        Assert.Contains(cause, detail, StringComparison.Ordinal);
        Assert.DoesNotContain(detail, char.IsControl);
    }

    [Fact]
    public void Dns_TooLong_SaysHowLong()
    {
        Assert.Contains("64 characters; 63 are the most", Refused("dns", $"{Label63}a.gq").Detail, StringComparison.Ordinal);
        Assert.Contains("254 characters; 253 are the most", Refused("dns", Name253 + "b").Detail, StringComparison.Ordinal);
        var huge = Refused("dns", new string('\u0001', 100_000)).Detail;
        Assert.InRange(huge.Length, 100, 1000);
    }

    [Theory]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("fd7a:115c:a1e0::1")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("1::")]
    [InlineData("2001:db8::1:0:0:1")]
    [InlineData("2001:db8:0:1:1:1:1:1")]
    [InlineData("1:0:0:2::3")]
    [InlineData("64:ff9b::102:304")]
    [InlineData("::102:304")]
    [InlineData("fe80::5efe:102:304")]
    public void Ip_Canonical_IsKept(string text)
    {
        var id = Identifier.ParseIp(text);
        Assert.Equal(text, id.Value);
        Assert.Equal(IPAddress.Parse(text), id.Address);
        Assert.Empty(id.Labels);
        Assert.Equal(id, Identifier.FromAddress(IPAddress.Parse(text)));
    }

    [Theory]
    [InlineData("", "is no IP address")]
    [InlineData("nas.net.gq", "is no IP address")]
    [InlineData("1.2.3", "'1.2.0.3'")]
    [InlineData("01.2.3.4", "'1.2.3.4'")]
    [InlineData("0x7f.0.0.1", "'127.0.0.1'")]
    [InlineData("127.1", "'127.0.0.1'")]
    [InlineData("2130706433", "'127.0.0.1'")]
    [InlineData("1.2.3.4 ", "is no IP address")]
    [InlineData("1.2.3.4/32", "is no IP address")]
    [InlineData("1.2.3.4:80", "is no IP address")]
    [InlineData("256.1.1.1", "is no IP address")]
    [InlineData("FD7A::1", "'fd7a::1'")]
    [InlineData("2001:db8:0:0:0:0:0:1", "'2001:db8::1'")]
    [InlineData("2001:db8::0:1", "'2001:db8::1'")]
    [InlineData("2001:0db8::1", "'2001:db8::1'")]
    [InlineData("2001:db8:1:1:1:1::1", "'2001:db8:1:1:1:1:0:1'")]
    [InlineData("64:ff9b::1.2.3.4", "'64:ff9b::102:304'")]
    [InlineData("[::1]", "'::1'")]
    [InlineData("fe80::1%eth0", "zone id")]
    [InlineData("fe80::1%1", "zone id")]
    [InlineData("::ffff:1.2.3.4", "IPv4-mapped")]
    [InlineData("::ffff:102:304", "IPv4-mapped")]
    [InlineData("1.2.3.4\0", "is no IP address")]
    public void Ip_NotCanonical_IsMalformedWithTheCause(string text, string cause)
    {
        var refusal = Refused("ip", text);
        Assert.Equal(RefusalReason.Malformed, refusal.Reason);
        Assert.Contains(cause, refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("email")]
    [InlineData("DNS")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("dns ")]
    public void Parse_UnknownType_IsUnsupported(string? type) =>
        Assert.Equal(RefusalReason.UnsupportedIdentifier, Refused(type!, "a.test").Reason);

    [Fact]
    public void Parse_NullValue_IsMalformed()
    {
        Assert.Equal(RefusalReason.Malformed, Refused("dns", null!).Reason);
        Assert.Equal(RefusalReason.Malformed, Refused("ip", null!).Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("dns")]
    [InlineData("nas.net.gq")]
    [InlineData("dns:")]
    [InlineData("ip:nas")]
    [InlineData("uri:a")]
    public void ParseKind_NotAnIdentifier_IsRefused(string text) => Assert.Throws<RefusalException>(() => Identifier.ParseKind(text));

    [Fact]
    public void Wildcard_WithoutWildcard_IsTheNameBelow()
    {
        Assert.Equal(Identifier.ParseDns("net.gq"), Identifier.ParseDns("*.net.gq").WithoutWildcard);
        Assert.Equal(Identifier.ParseDns("net.gq"), Identifier.ParseDns("net.gq").WithoutWildcard);
    }

    [Fact]
    public void ParseKind_OfToString_IsTheSameIdentifier() =>
        Gen.OneOf(Names, Addresses).Sample(id => Identifier.ParseKind(id.ToString()) == id, iter: 5_000);

    [Fact]
    public void Parse_AnyText_OnlyEverRefuses() =>
        Gen.Select(Gen.OneOf("dns", "ip", "x"), AnyText).Sample(
            (type, text) =>
            {
                if (!Identifier.TryParse(type, text, out var id, out _, out var detail)) return !detail.Any(char.IsControl) && detail.Length < 1000;
                return Identifier.Parse(type, id.Value) == id;
            },
            iter: 20_000);

    private static Gen<string> AnyText => Gen.OneOf(
        Gen.String,
        Gen.String[Gen.Char["abcxyzn019.-*_:%\0é\u202e\ud83d\ude00 "], 0, 80],
        Gen.String[Gen.Char["abcn019-"], 0, 60].Select(s => "xn--" + s + ".test"));

    private static Gen<Identifier> Names => Gen.Select(
        Gen.Bool, Gen.String[Gen.Char["abcdefgxyz0123456789"], 1, 20].Array[0, 5], Gen.String[Gen.Char["abcxyz"], 1, 10],
        (wild, labels, last) => Identifier.ParseDns((wild ? "*." : "") + string.Concat(labels.Select(l => l + ".")) + last));

    private static Gen<Identifier> Addresses => Gen.OneOf(
        Gen.Byte.Array[4],
        Gen.Select(Gen.Byte.Array[16], Gen.UShort, (bytes, zeros) => bytes.Select((b, i) => (zeros >> (i & 14) & 3) == 0 ? (byte)0 : b).ToArray()))
        .Select(bytes => new IPAddress(bytes)).Where(a => !a.IsIPv4MappedToIPv6).Select(Identifier.FromAddress);

    private static RefusalException Refused(string type, string text) => Assert.Throws<RefusalException>(() => Identifier.Parse(type, text));

    [Fact]
    public void ParseDns_KelvinSign_IsRefused() =>
        Assert.Contains("beyond ASCII", Assert.Throws<RefusalException>(() => Identifier.ParseDns("\u212Aelvin.test")).Detail, StringComparison.Ordinal);
}

using CsCheck;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Gateways;

/// <summary>Base URLs: what is an origin, and its one way to be written.</summary>
public sealed class BaseUrlTests
{
    [Theory]
    [InlineData("https://ca.net.gq", "https://ca.net.gq", "dns:ca.net.gq")]
    [InlineData("https://CA.Net.GQ", "https://ca.net.gq", "dns:ca.net.gq")]
    [InlineData("HTTPS://ca.net.gq", "https://ca.net.gq", "dns:ca.net.gq")]
    [InlineData("https://ca.net.gq:443", "https://ca.net.gq", "dns:ca.net.gq")]
    [InlineData("https://ca.net.gq:8443", "https://ca.net.gq:8443", "dns:ca.net.gq")]
    [InlineData("https://localhost:14000", "https://localhost:14000", "dns:localhost")]
    [InlineData("https://127.0.0.1:14000", "https://127.0.0.1:14000", "ip:127.0.0.1")]
    [InlineData("https://[fd7a:115c:a1e0::1]", "https://[fd7a:115c:a1e0::1]", "ip:fd7a:115c:a1e0::1")]
    [InlineData("https://[fd7a:115c:a1e0::1]:14000", "https://[fd7a:115c:a1e0::1]:14000", "ip:fd7a:115c:a1e0::1")]
    public void BaseUrl_ThatIsAnOrigin_HasOneForm(string text, string canonical, string host)
    {
        Assert.Equal(canonical, BaseUrl.Canonical(text, "base_urls"));
        Assert.Equal(canonical, BaseUrl.Canonical(canonical, "base_urls"));
        Assert.Equal(host, BaseUrl.HostOf(canonical).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("ca.net.gq")]
    [InlineData("http://ca.net.gq")]
    [InlineData("ftp://ca.net.gq")]
    [InlineData("https://")]
    [InlineData("https:///")]
    [InlineData("https://ca.net.gq/")]
    [InlineData("https://ca.net.gq/acme")]
    [InlineData("https://ca.net.gq?x=1")]
    [InlineData("https://ca.net.gq#x")]
    [InlineData("https://user@ca.net.gq")]
    [InlineData("https://ca.net.gq\\@evil.test")]
    [InlineData("https://ca.net.gq:0")]
    [InlineData("https://ca.net.gq:")]
    [InlineData("https://ca.net.gq:65536")]
    [InlineData("https://ca.net.gq:-1")]
    [InlineData("https://ca.net.gq:0443")]
    [InlineData("https://ca.net.gq:14000:1")]
    [InlineData("https://*.net.gq")]
    [InlineData("https://ca..net.gq")]
    [InlineData("https://ca.net.gq.")]
    [InlineData("https://ca_1.net gq")]
    [InlineData("https://fd7a::1")]
    [InlineData("https://[127.0.0.1]")]
    [InlineData("https://[ca.net.gq]")]
    [InlineData("https://[fd7a::1")]
    [InlineData("https://[fe80::1%25eth0]")]
    [InlineData("https://127.1")]
    [InlineData("https://0x7f000001")]
    [InlineData("https://ca.net.gq\0")]
    [InlineData(" https://ca.net.gq")]
    public void BaseUrl_ThatIsNoOrigin_IsRefused(string text)
    {
        var fault = Assert.Throws<RefusalException>(() => BaseUrl.Canonical(text, "gateway.base_urls[0]"));

        Assert.Equal((RefusalReason.InvalidArgument, "gateway.base_urls[0]"), (fault.Reason, fault.Field));
    }

    [Fact]
    public void BaseUrl_OfAnyText_IsReadOrRefused() => Gen.String[0, 60].Sample(text =>
    {
        try
        {
            BaseUrl.Canonical("https://" + text, "base_urls");
        }
        catch (RefusalException fault)
        {
            Assert.Equal("base_urls", fault.Field);
        }
    }, iter: 20_000);
}

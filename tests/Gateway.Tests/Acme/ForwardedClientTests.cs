using System.Net;
using GrpcCa.Gateway.Acme;
using Microsoft.AspNetCore.Http;

namespace GrpcCa.Gateway.Tests.Acme;

public sealed class ForwardedClientTests
{
    [Theory]
    [InlineData("", "10.0.0.9", "203.0.113.7", "10.0.0.9")]
    [InlineData("10.0.0.0/24", "10.0.0.9", "203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.0/24", "::ffff:10.0.0.9", "203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.0/24", "10.0.1.9", "203.0.113.7", "10.0.1.9")]
    [InlineData("10.0.0.0/24", "10.0.0.9", "", "10.0.0.9")]
    [InlineData("10.0.0.0/24", "10.0.0.9", "198.51.100.1, 203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.0/24", "10.0.0.9", "198.51.100.1, 203.0.113.7, 10.0.0.3", "203.0.113.7")]
    [InlineData("10.0.0.0/24", "10.0.0.9", "203.0.113.7, rubbish", "10.0.0.9")]
    [InlineData("10.0.0.0/24", "10.0.0.9", "10.0.0.1, 10.0.0.2", "10.0.0.1")]
    [InlineData("10.0.0.0/24,fd00::/8", "fd00::1", "2001:db8::5", "2001:db8::5")]
    public void Apply_BelievesDeclaredProxiesOnly(string proxies, string peer, string header, string expected)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        http.Request.Headers["X-Forwarded-For"] = header;
        new ForwardedClient(new GatewayOptions { State = "/s", Proxies = proxies }).Apply(http);
        Assert.Equal(expected, AcmeExchange.ClientAddress(http));
    }
}

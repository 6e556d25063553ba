using GrpcCa.Host;

namespace GrpcCa.ControlPlane.Tests.Acme.Limits;

public sealed class ClientNetworkTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:3::/64")]
    [InlineData("fe80::1%3", "fe80::/64")]
    // Nodes of a tailnet share a /64 and cannot choose their addresses.
    [InlineData("fd7a:115c:a1e0::1", "fd7a:115c:a1e0::1")]
    [InlineData("fd7a:115c:a1e0:ab12:4843:cd96:6258:1", "fd7a:115c:a1e0:ab12:4843:cd96:6258:1")]
    [InlineData("fd7a:115c:a1e1::1", "fd7a:115c:a1e1::/64")]
    [InlineData("", null)]
    [InlineData("unix", null)]
    [InlineData("192.0.2.7:443, evil", null)]
    public void Address_CountsAsItsNetwork(string address, string? network) => Assert.Equal(network, ClientNetwork.Of(address));
}

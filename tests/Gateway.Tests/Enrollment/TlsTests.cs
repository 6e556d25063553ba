using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace GrpcCa.Gateway.Tests.Enrollment;

public sealed class TlsTests
{
    [Fact]
    public async Task Handshake_SendsLeafAndIntermediate_NotTheRoot()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.SendAsync(HttpMethod.Get, "/health");
        Assert.True(rig.Shown[0].MatchesHostname("ca.test"));
        Assert.Contains(rig.Shown, c => c.RawData.AsSpan().SequenceEqual(rig.Plane.Issuing.Intermediate!.RawData));
        Assert.DoesNotContain(rig.Shown, c => c.RawData.AsSpan().SequenceEqual(rig.Plane.Issuing.Root.RawData));
    }

    [Fact]
    public async Task Handshake_FirstClient_SeesTheIssuedCertificate()
    {
        await using var rig = await GatewayRig.StartAsync();
        // Issued before the listener opened: once, and never a preliminary one.
        Assert.Equal(1, rig.Plane.TlsCalls);
        using var response = await rig.SendAsync(HttpMethod.Get, "/acme/acme/directory");
        Assert.True(response.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Handshake_OldTls_IsRefused()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, rig.App.Https.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
#pragma warning disable SYSLIB0039, CA5397 // the point of this test
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "ca.test", EnabledSslProtocols = SslProtocols.Tls11 }, TestContext.Current.CancellationToken));
#pragma warning restore SYSLIB0039, CA5397
    }
}

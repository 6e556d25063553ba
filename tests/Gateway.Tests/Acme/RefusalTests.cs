using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using GrpcCa.Gateway.Tests.Endpoints;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.Acme;

public sealed class RefusalTests
{
    [Theory]
    [InlineData("GET", "order/o1")]
    [InlineData("HEAD", "order/o1")]
    [InlineData("GET", "account/a1")]
    [InlineData("GET", "authz/z1")]
    [InlineData("GET", "challenge/z1/h1")]
    [InlineData("GET", "certificate/c1")]
    [InlineData("GET", "new-order")]
    [InlineData("PUT", "new-account")]
    [InlineData("DELETE", "account/a1")]
    [InlineData("TRACE", "revoke-cert")]
    public async Task Method_Wrong_Is405WithAllow(string method, string path)
    {
        await using var rig = await StartAsync();
        using var response = await rig.SendAsync(new HttpMethod(method), "/acme/acme/" + path);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("POST, OPTIONS", Header(response, "Allow"));
        if (method != "HEAD") await ProblemAsync(response, 405, "malformed");
        Assert.Empty(rig.Plane.AcmeCalls);
    }

    [Fact]
    public async Task Method_WrongAtDirectory_AllowsGet()
    {
        await using var rig = await StartAsync();
        using var response = await rig.SendAsync(HttpMethod.Delete, "/acme/acme/directory");
        await ProblemAsync(response, 405, "malformed");
        Assert.Equal("GET, HEAD, POST, OPTIONS", Header(response, "Allow"));
    }

    [Theory]
    [InlineData("/acme/acme/nothing")]
    [InlineData("/acme/nobody/directory")]
    [InlineData("/acme/acme/directory/")]
    [InlineData("/acme/ACME/directory")]
    [InlineData("/acme/acme/Directory")]
    [InlineData("/acme//directory")]
    [InlineData("/acme/acme/order/a/b/c")]
    [InlineData("/acme/acme/renewal-info/x.y")]
    [InlineData("/acme/")]
    [InlineData("/acme")]
    [InlineData("/nothing")]
    [InlineData("/crl")]
    [InlineData("/crl/ca")]
    [InlineData("/root/00")]
    public async Task Path_Unknown_Is404(string path)
    {
        await using var rig = await StartAsync();
        using var response = await rig.SendAsync(HttpMethod.Get, path);
        await ProblemAsync(response, 404, "malformed");
    }

    [Fact]
    public async Task PlainHttp_AcmeResource_Is404()
    {
        await using var rig = await StartAsync();
        foreach (var path in (string[])["/acme/acme/directory", "/acme/acme/new-nonce"])
        {
            using var response = await rig.SendAsync(HttpMethod.Get, path, client: rig.Http);
            await ProblemAsync(response, 404, "malformed");
        }
        using var post = await rig.SendAsync(HttpMethod.Post, "/acme/acme/new-order", content: With(new StringContent("{}"), "application/jose+json"), client: rig.Http);
        await ProblemAsync(post, 404, "malformed");
        Assert.Equal("", Header(post, "Replay-Nonce"));
        Assert.Empty(rig.Plane.AcmeCalls);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("application/jose")]
    [InlineData("application/jose+jsonx")]
    public async Task ContentType_Other_Is415WithNonce(string type)
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/new-order", contentType: type);
        await ProblemAsync(response, 415, "malformed");
        Assert.NotEmpty(Header(response, "Replay-Nonce"));
        Assert.Empty(rig.Plane.AcmeCalls);
    }

    [Theory]
    [InlineData(64 * 1024, 201)]
    [InlineData(64 * 1024 + 1, 413)]
    [InlineData(1024 * 1024, 413)]
    public async Task Body_AtTheLimit_IsCounted(int length, int status)
    {
        await using var rig = await StartAsync();
        foreach (var chunked in (bool[])[false, true])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/acme/acme/new-order") { Content = With(new ByteArrayContent(new byte[length]), "application/jose+json") };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await rig.Https.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(status, (int)response.StatusCode);
            Assert.NotEmpty(Header(response, "Replay-Nonce"));
            if (status == 413) await ProblemAsync(response, 413, "malformed");
        }
        Assert.Equal(status == 201 ? 2 : 0, rig.Plane.AcmeCalls.Count);
    }

    [Fact]
    public async Task Options_AnyResource_AnswersPreflight()
    {
        await using var rig = await StartAsync();
        using var response = await rig.SendAsync(HttpMethod.Options, "/acme/acme/new-order");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("*", Header(response, "Access-Control-Allow-Origin"));
        Assert.Contains("POST", Header(response, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Equal("Content-Type", Header(response, "Access-Control-Allow-Headers"));
    }

    [Fact]
    public async Task Answers_AnyOrigin_MayReadAcmeHeaders()
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/new-order");
        Assert.Equal("*", Header(response, "Access-Control-Allow-Origin"));
        Assert.Contains("Replay-Nonce", Header(response, "Access-Control-Expose-Headers"), StringComparison.Ordinal);
        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("GET /acme/acme/../acme/directory HTTP/1.1\r\nHost: ca.test\r\nConnection: close\r\n\r\n", "404")]
    [InlineData("GET /acme/acme/%64irectory HTTP/1.1\r\nHost: ca.test\r\nConnection: close\r\n\r\n", "404")]
    [InlineData("GET /acme/acme/%2e%2e/directory HTTP/1.1\r\nHost: ca.test\r\nConnection: close\r\n\r\n", "404")]
    [InlineData("GET https://ca.test/acme/acme/directory HTTP/1.1\r\nHost: ca.test\r\nConnection: close\r\n\r\n", "200")]
    [InlineData("GET /acme/acme/directory HTTP/1.0\r\nConnection: close\r\n\r\n", "200")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: ca.test\r\nConnection: close\r\n\r\n", "404")]
    [InlineData("POST /acme/acme/new-order HTTP/1.1\r\nHost: ca.test\r\nConnection: close\r\nContent-Type: application/jose+json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400")]
    [InlineData("garbage\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: ca.test\r\nHost: evil.test\r\n\r\n", "400")]
    public async Task RawRequest_Odd_GetsAnAnswerWithoutAStackTrace(string request, string status)
    {
        await using var rig = await StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, rig.App.Https.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("ca.test");
        await tls.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(tls);
        Assert.Equal(status, (await reader.ReadLineAsync(TestContext.Current.CancellationToken))?.Split(' ')[1]);
        Assert.DoesNotContain(rig.Logs.Lines, l => l.Fault is not null);
    }

    [Fact]
    public async Task Log_EveryRequest_IsOneLineWithoutBody()
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/new-order?x=y", "canary-body");
        await UntilAsync(() => rig.Logs.Count(1001) == 1, "a log line");
        var line = rig.Logs.Lines.Single(l => l.Id.Id == 1001).Text;
        Assert.StartsWith("POST /acme/acme/new-order 201 ", line, StringComparison.Ordinal);
        Assert.Contains("client 127.0.0.1", line, StringComparison.Ordinal);
        Assert.DoesNotContain(rig.Logs.Lines, l => l.Text.Contains("canary", StringComparison.Ordinal) || l.Text.Contains(rig.Plane.Secret, StringComparison.Ordinal));
    }

    private static async Task<GatewayRig> StartAsync()
    {
        var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        return rig;
    }
}

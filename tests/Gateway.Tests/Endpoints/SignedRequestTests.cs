using System.Net;
using System.Text;
using Google.Protobuf;
using GrpcCa.V1;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.Endpoints;

public sealed class SignedRequestTests
{
    public static readonly TheoryData<string, string, string> Posts = new()
    {
        { "new-account", nameof(NewAccountRequest), "" },
        { "account/a1", nameof(PostAccountRequest), "\"accountId\": \"a1\"" },
        { "account/a1/orders/c7", nameof(PostAccountOrdersRequest), "\"cursor\": \"c7\"" },
        { "key-change", nameof(KeyChangeRequest), "" },
        { "new-order", nameof(NewOrderRequest), "" },
        { "order/o1", nameof(PostOrderRequest), "\"orderId\": \"o1\"" },
        { "order/o1/finalize", nameof(FinalizeOrderRequest), "\"orderId\": \"o1\"" },
        { "new-authz", nameof(NewAuthorizationRequest), "" },
        { "authz/z1", nameof(PostAuthorizationRequest), "\"authorizationId\": \"z1\"" },
        { "challenge/z1/h1", nameof(PostChallengeRequest), "\"challengeId\": \"h1\"" },
        { "certificate/c1", nameof(PostCertificateRequest), "\"certificateId\": \"c1\"" },
        { "certificate/c1/2", nameof(PostCertificateRequest), "\"certificateId\": \"c1/2\"" },
        { "revoke-cert", nameof(RevokeCertRequest), "" },
        { "directory", nameof(CheckFetchRequest), "" },
        { "new-nonce", nameof(CheckFetchRequest), "" },
    };

    [Theory]
    [MemberData(nameof(Posts))]
    public async Task Post_AnyResource_CarriesTheBodyOnceAndUnchanged(string path, string message, string expected)
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        var body = "{\"payload\":\"\u00e9\\u0000\", \"x\" : 1}\r\n";
        using var response = await rig.PostAsync("/acme/acme/" + path, body);

        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
        Assert.StartsWith("nonce-", Header(response, "Replay-Nonce"), StringComparison.Ordinal);
        Assert.Equal("no-store", Header(response, "Cache-Control"));
        var call = Assert.Single(rig.Plane.AcmeCalls);
        Assert.Equal(message, call.Descriptor.Name);
        Assert.Contains(expected, JsonFormatter.Default.Format(call), StringComparison.Ordinal);
        var signed = (SignedRequest)call.Descriptor.FindFieldByName("signed").Accessor.GetValue(call);
        Assert.Equal(Encoding.UTF8.GetBytes(body), signed.Body.ToByteArray());
        Assert.Equal("provisioners/acme", signed.Provisioner);
        Assert.Equal("https://ca.test", signed.Origin);
        Assert.Equal("127.0.0.1", signed.ClientAddress);
        if (path != "directory") Assert.Contains("<https://ca.test/acme/acme/directory>;rel=\"index\"", Header(response, "Link"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_UndeclaredHostAndOddUserAgent_ArePassedOnSafely()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/acme/acme/new-order") { Content = With(new StringContent("{}"), "application/jose+json") };
        request.Headers.Host = "evil.test";
        request.Headers.TryAddWithoutValidation("User-Agent", new string('a', 300));
        request.Headers.TryAddWithoutValidation("Replay-Nonce", "ignored");
        using var response = await rig.Https.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var signed = Assert.IsType<NewOrderRequest>(Assert.Single(rig.Plane.AcmeCalls)).Signed;
        Assert.Equal("", signed.Origin);
        Assert.Equal(256, signed.UserAgent.Length);
        Assert.DoesNotContain("evil", Header(response, "Link"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_Chunked_Works()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/acme/acme/new-order") { Content = With(new StringContent("chunked body"), "application/jose+json; charset=utf-8") };
        request.Headers.TransferEncodingChunked = true;
        using var response = await rig.Https.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("chunked body", Assert.IsType<NewOrderRequest>(Assert.Single(rig.Plane.AcmeCalls)).Signed.Body.ToStringUtf8());
    }

    [Fact]
    public async Task Post_Http2_Works()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        using var client = rig.Client(rig.App.Https.Port, Origin, HttpVersion.Version20);
        using var response = await rig.SendAsync(HttpMethod.Post, "/acme/acme/new-order", content: With(new StringContent("{}"), "application/jose+json"), client: client);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(HttpVersion.Version20, response.Version);
    }
}

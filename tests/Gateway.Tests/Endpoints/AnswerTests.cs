using System.Net;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.V1;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.Endpoints;

public sealed class AnswerTests
{
    [Fact]
    public async Task NewAccount_Created_Answers201WithLocationAndReadableJson()
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/new-account");
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(Canned.Base + "account/a1", Header(response, "Location"));
        // Clients cut JSON with sed: no \/ and no \u002B.
        Assert.Equal("""{"status":"valid","contact":["mailto:ann+acme@net.gq"],"termsOfServiceAgreed":true,"orders":"https://ca.test/acme/acme/account/a1/orders","key":{"kty":"EC","crv":"P-256","x":"x","y":"y"}}""",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task NewAccount_Existing_Answers200()
    {
        await using var rig = await StartAsync();
        rig.Plane.Answers(new NewAccountResponse { Location = Canned.Base + "account/a1", Account = new AcmeAccount { Status = "valid", ExternalAccountBindingJson = """{"payload":"p"}""" } });
        using var response = await rig.PostAsync("/acme/acme/new-account");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("p", (await JsonAsync(response)).GetProperty("externalAccountBinding").GetProperty("payload").GetString());
    }

    [Fact]
    public async Task Orders_MorePages_LinkNext()
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/account/a1/orders");
        Assert.Equal($$"""{"orders":["{{Canned.Base}}order/o1"]}""", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"<{Canned.Base}account/a1/orders/c8>;rel=\"next\"", Header(response, "Link"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewOrder_Answers201WithWholeOrder()
    {
        await using var rig = await StartAsync();
        var order = Canned.Order;
        order.NotBefore = order.NotAfter = order.ExpireTime;
        order.Profile = "server";
        order.Replaces = "aki.serial";
        order.CertificateUrl = Canned.Base + "certificate/c1";
        order.Error = new AcmeProblem { Type = "rejectedIdentifier", Status = 403, Detail = "no" };
        rig.Plane.Answers(new NewOrderResponse { Location = Canned.Base + "order/o1", Order = order });
        using var response = await rig.PostAsync("/acme/acme/new-order");
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(Canned.Base + "order/o1", Header(response, "Location"));
        Assert.Equal("""
            {"status":"pending","expires":"2030-01-02T03:04:05Z","identifiers":[{"type":"dns","value":"nas.net.gq"}],"profile":"server","notBefore":"2030-01-02T03:04:05Z","notAfter":"2030-01-02T03:04:05Z","replaces":"aki.serial","error":{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"no","status":403},"authorizations":["https://ca.test/acme/acme/authz/z1"],"finalize":"https://ca.test/acme/acme/order/o1/finalize","certificate":"https://ca.test/acme/acme/certificate/c1"}
            """, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("order/o1", "2")]
    [InlineData("order/o1/finalize", "")]
    public async Task Order_AlwaysHasLocation_AndRetryAfterInSeconds(string path, string retryAfter)
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/" + path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Canned.Base + "order/o1", Header(response, "Location"));
        Assert.Equal(retryAfter, Header(response, "Retry-After"));
    }

    [Fact]
    public async Task NewAuthorization_Answers201WithLocation()
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/new-authz");
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(Canned.Base + "authz/z1", Header(response, "Location"));
    }

    [Fact]
    public async Task Authorization_NotWildcard_LeavesWildcardOut()
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/authz/z1");
        Assert.Equal("3", Header(response, "Retry-After"));
        Assert.Equal("""
            {"identifier":{"type":"dns","value":"nas.net.gq"},"status":"pending","expires":"2030-01-02T03:04:05Z","challenges":[{"type":"http-01","url":"https://ca.test/acme/acme/challenge/z1/h1","status":"pending","token":"tok"}]}
            """, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var wild = Canned.Authorization;
        wild.Wildcard = true;
        rig.Plane.Answers(new PostAuthorizationResponse { Authorization = wild });
        using var second = await rig.PostAsync("/acme/acme/authz/z1");
        Assert.True((await JsonAsync(second)).GetProperty("wildcard").GetBoolean());
    }

    [Fact]
    public async Task Challenge_LinksUp_AndShowsItsError()
    {
        await using var rig = await StartAsync();
        var challenge = Canned.Challenge;
        challenge.Status = "invalid";
        challenge.ValidateTime = Timestamp.FromDateTimeOffset(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        challenge.Error = new AcmeProblem { Type = "connection", Status = 400, Detail = "100.64.0.9:80 did not answer\u001b[2J" };
        rig.Plane.Answers(new PostChallengeResponse { Challenge = challenge, AuthorizationUrl = Canned.Base + "authz/z1", RetryAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)) });
        using var response = await rig.PostAsync("/acme/acme/challenge/z1/h1");
        Assert.Equal("2", Header(response, "Retry-After"));
        Assert.Contains($"<{Canned.Base}authz/z1>;rel=\"up\"", Header(response, "Link"), StringComparison.Ordinal);
        var json = await JsonAsync(response);
        Assert.Equal("2030-01-01T00:00:00Z", json.GetProperty("validated").GetString());
        Assert.Equal("100.64.0.9:80 did not answer [2J", json.GetProperty("error").GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Certificate_IsAPemChainWithAlternates()
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/certificate/c1");
        Assert.Equal("application/pem-certificate-chain", response.Content.Headers.ContentType?.ToString());
        Assert.StartsWith("-----BEGIN CERTIFICATE-----\n", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains($"<{Canned.Base}certificate/c1/1>;rel=\"alternate\"", Header(response, "Link"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RevokeCert_Answers200WithoutBody()
    {
        await using var rig = await StartAsync();
        using var response = await rig.PostAsync("/acme/acme/revoke-cert");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(0, response.Content.Headers.ContentLength);
    }

    private static async Task<GatewayRig> StartAsync()
    {
        var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        return rig;
    }
}

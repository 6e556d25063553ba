using System.Net;
using GrpcCa.V1;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.Endpoints;

public sealed class DirectoryTests
{
    [Fact]
    public async Task Get_PlainProvisioner_ListsOfferedResourcesWithoutMeta()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.SendAsync(HttpMethod.Get, "/acme/acme/directory");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("*", Header(response, "Access-Control-Allow-Origin"));
        Assert.Equal("", Header(response, "Link"));
        var directory = await JsonAsync(response);
        Assert.Equal(["newNonce", "newAccount", "newOrder", "newAuthz", "revokeCert", "keyChange"], directory.EnumerateObject().Select(p => p.Name));
        Assert.Equal("https://ca.test/acme/acme/new-nonce", directory.GetProperty("newNonce").GetString());
        Assert.Equal("https://ca.test/acme/acme/revoke-cert", directory.GetProperty("revokeCert").GetString());
    }

    [Fact]
    public async Task Get_WithMeta_PrintsWhatIsSet()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        rig.Plane.Config.Directories.Add(new GatewayConfig.Types.DirectoryConfig
        {
            ProvisionerId = "nixos",
            TermsOfServiceUrl = "https://ca.test/terms",
            WebsiteUrl = "https://ca.test/",
            CaaIdentities = { "ca.test" },
            ExternalAccountRequired = true,
            Profiles = { ["server"] = "90 days" },
        });
        await rig.StartGatewayAsync();
        using var response = await rig.SendAsync(HttpMethod.Get, "/acme/nixos/directory");

        var directory = await JsonAsync(response);
        // Not offered by this provisioner, so not advertised.
        Assert.False(directory.TryGetProperty("newAuthz", out _));
        Assert.False(directory.TryGetProperty("keyChange", out _));
        var meta = directory.GetProperty("meta");
        Assert.Equal("https://ca.test/terms", meta.GetProperty("termsOfService").GetString());
        Assert.Equal("https://ca.test/", meta.GetProperty("website").GetString());
        Assert.Equal("ca.test", meta.GetProperty("caaIdentities")[0].GetString());
        Assert.True(meta.GetProperty("externalAccountRequired").GetBoolean());
        Assert.Equal("90 days", meta.GetProperty("profiles").GetProperty("server").GetString());
    }

    [Fact]
    public async Task Get_OtherDeclaredHost_UsesThatOrigin()
    {
        await using var rig = await GatewayRig.StartAsync();
        Assert.Equal("https://other.test:8443/acme/acme/new-order", await NewOrderUrlAsync(rig, "OTHER.test:8443"));
        Assert.Equal("https://ca.test/acme/acme/new-order", await NewOrderUrlAsync(rig, "ca.test:443"));
    }

    [Fact]
    public async Task Get_UndeclaredHost_IsNotEchoed()
    {
        await using var rig = await GatewayRig.StartAsync();
        Assert.Equal("https://ca.test/acme/acme/new-order", await NewOrderUrlAsync(rig, "evil.test"));
    }

    [Fact]
    public async Task Head_AnswersHeadersOnly()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.SendAsync(HttpMethod.Head, "/acme/acme/directory");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Content.Headers.ContentLength > 100);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Post_AsGet_IsCheckedByTheControlPlane()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.PostAsync("/acme/acme/directory", "signed");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True((await JsonAsync(response)).TryGetProperty("newOrder", out _));
        Assert.StartsWith("nonce-", Header(response, "Replay-Nonce"), StringComparison.Ordinal);
        var call = Assert.IsType<CheckFetchRequest>(Assert.Single(rig.Plane.AcmeCalls));
        Assert.Equal(FetchedResource.Directory, call.Resource);
        Assert.Equal("signed", call.Signed.Body.ToStringUtf8());
    }

    private static async Task<string?> NewOrderUrlAsync(GatewayRig rig, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/acme/acme/directory");
        request.Headers.Host = host;
        using var response = await rig.Https.SendAsync(request, TestContext.Current.CancellationToken);
        return (await JsonAsync(response)).GetProperty("newOrder").GetString();
    }
}

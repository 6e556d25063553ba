using System.Security.Cryptography.X509Certificates;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.Trust;

public sealed class PublicPagesTests
{
    [Fact]
    public async Task Roots_BothListeners_ServePemJsonAndDer()
    {
        await using var rig = await GatewayRig.StartAsync();
        var root = rig.Plane.Issuing.Root;
        var sha = rig.Plane.Issuing.RootSha256;
        foreach (var client in (HttpClient[])[rig.Https, rig.Http])
        {
            Assert.Equal(root.RawData, await PemAsync(rig, client, "/roots"));
            Assert.Equal(root.RawData, await PemAsync(rig, client, "/roots.pem"));
            Assert.Equal(root.RawData, await PemAsync(rig, client, "/root/" + sha));
            Assert.Equal(root.RawData, await PemAsync(rig, client, "/root/" + sha.ToUpperInvariant()));
            Assert.Equal(rig.Plane.Issuing.Intermediate!.RawData, await PemAsync(rig, client, "/intermediates"));
            Assert.Equal(rig.Plane.Issuing.Intermediate!.RawData, await PemAsync(rig, client, "/intermediates.pem"));

            using var list = await rig.SendAsync(HttpMethod.Get, "/roots", "application/json", client: client);
            Assert.StartsWith("-----BEGIN CERTIFICATE-----\n", (await JsonAsync(list)).GetProperty("crts")[0].GetString(), StringComparison.Ordinal);
            using var json = await rig.SendAsync(HttpMethod.Get, "/root/" + sha, "application/json", client: client);
            Assert.StartsWith("-----BEGIN CERTIFICATE-----\n", (await JsonAsync(json)).GetProperty("ca").GetString(), StringComparison.Ordinal);
            using var der = await rig.SendAsync(HttpMethod.Get, "/root/" + sha, "application/pkix-cert", client: client);
            Assert.Equal(root.RawData, await der.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            using var download = await rig.SendAsync(HttpMethod.Get, $"/root/{sha}.der", client: client);
            Assert.Equal(root.RawData, await download.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal("*", Header(download, "Access-Control-Allow-Origin"));
        }
    }

    [Fact]
    public async Task Health_And_Version_AreJson()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var nonce = await rig.SendAsync(HttpMethod.Get, "/acme/acme/new-nonce");
        using var health = await rig.SendAsync(HttpMethod.Get, "/health", client: rig.Http);
        Assert.Equal("""{"status":"ok","controlPlane":"reachable"}""", await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using var version = await rig.SendAsync(HttpMethod.Get, "/version", client: rig.Http);
        Assert.Equal("""{"version":"0.1.0","controlPlane":"0.1.0-fake"}""", await version.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task LandingPage_HasDirectoriesFingerprintAndPolicy()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.SendAsync(HttpMethod.Get, "/", client: rig.Http);
        var html = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Contains("https://ca.test/acme/acme/directory", html, StringComparison.Ordinal);
        Assert.Contains(rig.Plane.Issuing.RootSha256, html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("default-src 'none'; style-src 'sha256-", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_HeadAndWrongMethod_Answer()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var head = await rig.SendAsync(HttpMethod.Head, "/roots.pem", client: rig.Http);
        Assert.True(head.Content.Headers.ContentLength > 300);
        using var post = await rig.SendAsync(HttpMethod.Post, "/roots.pem", client: rig.Http);
        await ProblemAsync(post, 405, "malformed");
        Assert.Equal("GET, HEAD, OPTIONS", Header(post, "Allow"));
    }

    private static async Task<byte[]> PemAsync(GatewayRig rig, HttpClient client, string path)
    {
        using var response = await rig.SendAsync(HttpMethod.Get, path, client: client);
        Assert.Equal("application/x-pem-file", response.Content.Headers.ContentType?.ToString());
        return X509Certificate2.CreateFromPem(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RawData;
    }
}

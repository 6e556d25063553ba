using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>Tokens signed with the keys of foreign certificates.</summary>
[Collection(RequestGroup.Name)]
public sealed class X5cTests(RequestHouse house)
{
    [Fact]
    public async Task ForeignCertificate_IsGoodForItsOwnNames_Once()
    {
        var request = With(house.X5c(null, "x.test", "y.test"), "x.test", "y.test");

        var made = await house.Anyone.CreateCertificateAsync(request);

        Assert.StartsWith("provisioners/fleet/x5c/", made.Requester, StringComparison.Ordinal);
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(request), StatusCode.Unauthenticated, "was used before");
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(With(house.X5c(null, "z.test"), "z.test")), StatusCode.Unauthenticated, "which its certificate does not have");
        await house.AddAsync("any", new Provisioner { X5C = new(await SettingsAsync()) { AnyName = true } });
        var any = RequestHouse.Request("any", "z.test");
        any.X5CToken = house.X5c(claims => (claims["iss"], claims["aud"]) = ("any", "grpcca:provisioners/any"), "z.test");
        Assert.NotEmpty((await house.Anyone.CreateCertificateAsync(any)).Name);
    }

    [Fact]
    public async Task Certificates_ThatAreNoCredentials_AreRefused()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var server = house.ForeignFor(forServers: true, "x.test");
        await RefusedAsync(RequestHouse.X5c(server, [house.ForeignIssuer], null, "x.test"), "does not hold below");
        using var stranger = new TestAuthority("stranger", TimeProvider.System).IssueWithKey(TimeSpan.FromDays(1), names: ["x.test"], forServers: false);
        await RefusedAsync(RequestHouse.X5c(stranger, [], null, "x.test"), "does not hold below");
        await RefusedAsync(RequestHouse.X5c(house.Foreign, [], null, "x.test"), "does not hold below");
        await RefusedAsync(RequestHouse.X5c(house.ForeignIssuer, [], null, "x.test"), "authority's own certificate");
        // Another's certificate with one's own key.
        var chain = new JsonArray(Convert.ToBase64String(house.Foreign.RawData), Convert.ToBase64String(house.ForeignIssuer.RawData));
        await RefusedAsync(Tokens.Sign(house.TokenKey, new JsonObject { ["x5c"] = chain }, Tokens.Claims("fleet", now, "x.test")), "has no good signature");
        await RefusedAsync(Tokens.Sign(house.TokenKey, [], Tokens.Claims("fleet", now, "x.test")), "needs x5c");
        await RefusedAsync(Tokens.Sign(house.TokenKey, new JsonObject { ["x5c"] = new JsonArray("AAAA") }, Tokens.Claims("fleet", now, "x.test")), "no certificate in base64");
        await RefusedAsync(Tokens.Sign(house.TokenKey, new JsonObject { ["x5c"] = new JsonArray([.. Enumerable.Repeat(0, 9).Select(_ => (JsonNode)"AAAA")]) }, Tokens.Claims("fleet", now, "x.test")), "needs x5c");
        await RefusedAsync(house.X5c(claims => claims["aud"] = "grpcca:provisioners/ci", "x.test"), "not for grpcca:provisioners/fleet");
        await RefusedAsync(house.X5c(claims => claims.Remove("iss"), "x.test"), "has another iss");
        var broken = new CertificateRequest("CN=broken", house.TokenKey, HashAlgorithmName.SHA256);
        broken.CertificateExtensions.Add(new X509Extension("2.5.29.19", [1], critical: true));
        using var odd = broken.CreateSelfSigned(now, now.AddDays(1));
        await RefusedAsync(RequestHouse.X5c(odd, [], null, "x.test"), "cannot be read");
    }

    [Fact]
    public async Task OurOwnCertificates_AreNoForeignRoots()
    {
        var request = RequestHouse.Request("ci", "own.test");
        request.Token = house.Token(null, "own.test");
        var made = await house.Anyone.CreateCertificateAsync(request);
        var issuer = made.PemChain[made.PemChain.LastIndexOf("-----BEGIN", StringComparison.Ordinal)..];
        var authorities = await house.Plane.Store.ReadAsync(s => s.Sql("select root_der from authorities").ListAsync(r => (byte[])r.GetValue(0)), TestContext.Current.CancellationToken);
        Assert.True(authorities.Count >= 2);
        foreach (var pem in authorities.Select(der => PemEncoding.WriteString("CERTIFICATE", der)).Append(issuer))
        {
            var create = await house.OfAuthorityAsync("own", new Provisioner { X5C = new() { RootsPem = pem } });
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await house.Provisioners.CreateProvisionerAsync(create));
            Assert.Contains("has a key of this CA", refused.Status.Detail, StringComparison.Ordinal);
            Assert.Equal(["provisioner.x5c.roots_pem"], refused.Fields());
        }
    }

    // Its root may certify an issuer of ours without anybody here knowing.
    [Fact]
    public async Task OurOwnCertificates_AreNoCredentials_AlsoBelowAForeignRoot()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = RequestHouse.Request(key, "ci", "x.test");
        request.Token = house.Token(null, "x.test");
        var made = await house.Anyone.CreateCertificateAsync(request);
        using var leaf = X509CertificateLoader.LoadCertificate(made.Der.ToByteArray());
        using var signer = leaf.CopyWithPrivateKey(key);
        using var issuer = X509Certificate2.CreateFromPem(made.PemChain.AsSpan(made.PemChain.LastIndexOf("-----BEGIN", StringComparison.Ordinal)));
        using var crossed = house.ForeignCross(issuer);

        await RefusedAsync(RequestHouse.X5c(signer, [crossed, house.ForeignIssuer], null, "x.test"), "has a key of this CA");
    }

    private async Task<X5cProvisioner> SettingsAsync() => (await house.Provisioners.GetProvisionerAsync(new() { Name = "provisioners/fleet" })).X5C;

    private static CreateCertificateRequest With(string token, params string[] names)
    {
        var request = RequestHouse.Request("fleet", names);
        request.X5CToken = token;
        return request;
    }

    private Task<RpcException> RefusedAsync(string token, string part) => RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(With(token, "x.test")), StatusCode.Unauthenticated, part);
}

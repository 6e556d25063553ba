using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>ID tokens of a real provider on loopback.</summary>
[Collection(RequestGroup.Name)]
public sealed class OidcTests(RequestHouse house)
{
    [Fact]
    public async Task Claims_BecomeNames_OneLabelEach()
    {
        Assert.Equal(["dns:ann.people.test"], (await AskAsync(new() { ["preferred_username"] = "Ann" }, "ann.people.test")).Identifiers);
        // Several values make several names; not all of them need to be asked for.
        await house.Provisioners.UpdateProvisionerAsync(Changed("oidc.names", new() { Names = { "{hosts}", "{preferred_username}.people.test", "{email}" } }));
        Assert.Equal(["dns:h2.test"], (await AskAsync(new() { ["hosts"] = new JsonArray("h1.test", "h2.test") }, "h2.test")).Identifiers);
        await RefusedAsync(new() { ["preferred_username"] = "ann" }, StatusCode.PermissionDenied, "dns:bob.people.test", "bob.people.test");
        foreach (var trick in new[] { "a.b", "*", "*.", "", "-a", "a_b", "\u212Aann", "ann.people.test#", "a\u0000b", "xn--", new string('a', 64) })
            await RefusedAsync(new() { ["preferred_username"] = trick }, StatusCode.Unauthenticated, "is good for no name", "a.b.people.test");
        await RefusedAsync(new() { ["hosts"] = "*.test" }, StatusCode.Unauthenticated, "is good for no name", "*.test");
    }

    [Fact]
    public async Task Email_CountsOnlyWhenTheProviderVerifiedIt()
    {
        await house.Provisioners.UpdateProvisionerAsync(Changed("oidc.admins", new() { Admins = { "groups=tls-admins", "email=root@people.test" } }));
        await RefusedAsync(new() { ["email"] = "root@people.test" }, StatusCode.Unauthenticated, "is good for no name", "root.test");
        await RefusedAsync(new() { ["email"] = "root@people.test", ["email_verified"] = "true" }, StatusCode.Unauthenticated, "is good for no name", "root.test");
        Assert.NotEmpty((await AskAsync(new() { ["email"] = "root@people.test", ["email_verified"] = true }, "root.test")).Name);
    }

    [Fact]
    public async Task Admins_HaveAnyNameThatTheRulesAllow_AndNoOther()
    {
        Assert.NotEmpty((await AskAsync(new() { ["groups"] = new JsonArray("users", "tls-admins") }, "anything.test", "more.test")).Name);
        await RefusedAsync(new() { ["groups"] = new JsonArray("tls-admins") }, StatusCode.FailedPrecondition, "provisioners/people", "outside.example");
        await RefusedAsync(new() { ["groups"] = new JsonArray("tls-admins2", "tls") }, StatusCode.Unauthenticated, "is good for no name", "anything.test");
    }

    [Fact]
    public async Task Token_ForAnotherClient_OfAnotherIssuer_OrUsed_IsRefused()
    {
        await RefusedAsync(new() { ["aud"] = "other" }, StatusCode.Unauthenticated, "not for grpcca", "a.test");
        await RefusedAsync(new() { ["aud"] = new JsonArray("grpcca", "other"), ["azp"] = "other" }, StatusCode.Unauthenticated, "was made for the client 'other'", "a.test");
        await RefusedAsync(new() { ["aud"] = new JsonArray("grpcca", "other") }, StatusCode.Unauthenticated, "has no azp", "a.test");
        await RefusedAsync(new() { ["groups"] = "tls-admins", ["events"] = new JsonObject() }, StatusCode.Unauthenticated, "has events", "a.test");
        Assert.NotEmpty((await AskAsync(new() { ["aud"] = new JsonArray("grpcca", "other"), ["azp"] = "grpcca", ["preferred_username"] = "azp" }, "azp.people.test")).Name);
        await RefusedAsync(new() { ["iss"] = house.Idp.Issuer + "/" }, StatusCode.Unauthenticated, "has another iss", "a.test");
        await RefusedAsync(new() { ["exp"] = TimeProvider.System.GetUtcNow().AddHours(3).ToUnixTimeSeconds() }, StatusCode.Unauthenticated, "longer than 01:00:00", "a.test");
        var request = RequestHouse.Request("people", "used.people.test");
        request.OidcToken = house.Idp.Token(new() { ["preferred_username"] = "used" });
        await house.Anyone.CreateCertificateAsync(request);
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(request), StatusCode.Unauthenticated, "was used before");
    }

    [Fact]
    public async Task RequiredClaims_MustAllBeThere()
    {
        await house.AddAsync("strict", new Provisioner { Oidc = new(house.Oidc()) { RequiredClaims = { "hd=net.gq", "hd=net.test", "acr=2" } } });
        async Task<string> TryAsync(JsonObject claims)
        {
            var request = RequestHouse.Request("strict", "s.people.test");
            claims["preferred_username"] = "s";
            request.OidcToken = house.Idp.Token(claims);
            try
            {
                return (await house.Anyone.CreateCertificateAsync(request)).Name;
            }
            catch (RpcException refused)
            {
                return refused.Status.Detail;
            }
        }

        Assert.Contains("hd=net.gq or hd=net.test", await TryAsync([]), StringComparison.Ordinal);
        Assert.Contains("acr=2", await TryAsync(new() { ["hd"] = "net.test" }), StringComparison.Ordinal);
        Assert.StartsWith("certificates/", await TryAsync(new() { ["hd"] = "net.test", ["acr"] = "2" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Provider_ThatIsAway_OrNotWhoItSays_IsSaidSo_AndKeysAreAskedForOnlyOnce()
    {
        await using var idp = await OpenIdProvider.StartAsync();
        idp.ClaimedIssuer = "https://other.test";
        await house.AddAsync("shaky", new Provisioner { Oidc = new(house.Oidc()) { Issuer = idp.Issuer, RootsPem = idp.RootsPem } });
        await house.AddAsync("untrusted", new Provisioner { Oidc = new(house.Oidc()) { Issuer = idp.Issuer } });
        await house.AddAsync("outside", new Provisioner { Oidc = Outside(idp) });
        CreateCertificateRequest Request(string provisioner, string key = "one")
        {
            var request = RequestHouse.Request(provisioner, "w.people.test");
            request.OidcToken = idp.Token(new() { ["preferred_username"] = "w" }, key);
            return request;
        }

        // Not at once again: strangers, too, can have it asked.
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(Request("shaky")), StatusCode.Unavailable, "of another issuer")));
        Assert.Equal(1, idp.Discoveries);
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(Request("untrusted")), StatusCode.Unavailable, "could not be fetched");
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(Request("outside")), StatusCode.Unavailable, "127.0.0.1 is outside the ranges");
        Assert.Equal(0, idp.KeyFetches);
        idp.ClaimedIssuer = null;
        await UntilAnsweredAsync(() => house.Anyone.CreateCertificateAsync(Request("shaky")));
        foreach (var _ in Enumerable.Range(0, 3)) Assert.NotEmpty((await house.Anyone.CreateCertificateAsync(Request("shaky"))).Name);
        // A stranger's key names make nobody fetch again and again.
        foreach (var _ in Enumerable.Range(0, 3)) await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(Request("shaky", "unknown")), StatusCode.Unauthenticated, "does not have");
        Assert.Equal(1, idp.KeyFetches);
        await idp.StopAsync();
        Assert.NotEmpty((await house.Anyone.CreateCertificateAsync(Request("shaky"))).Name);
        var updated = await house.Provisioners.UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/shaky", DisplayName = "asked anew" } });
        Assert.Equal("asked anew", updated.DisplayName);
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(Request("shaky")), StatusCode.Unavailable, "connection refused");
    }

    [Fact]
    public async Task Key_ThatTheProviderSwapped_IsFound()
    {
        await using var idp = await OpenIdProvider.StartAsync();
        await house.AddAsync("swap", new Provisioner { Oidc = new(house.Oidc()) { Issuer = idp.Issuer, RootsPem = idp.RootsPem } });
        idp.Keys["two"] = RSA.Create(2048);
        var request = RequestHouse.Request("swap", "k.people.test");
        request.OidcToken = idp.Token(new() { ["preferred_username"] = "k" }, "two");

        Assert.NotEmpty((await house.Anyone.CreateCertificateAsync(request)).Name);
    }

    [Fact]
    public async Task Provisioner_MadeAgainUnderTheSameId_ForgetsTheKeysOfBefore()
    {
        await using var before = await OpenIdProvider.StartAsync();
        await using var after = await OpenIdProvider.StartAsync();
        async Task<string> MadeAsync(OpenIdProvider idp) => (await house.AddAsync("again-oidc", new Provisioner { Oidc = new(house.Oidc()) { Issuer = idp.Issuer, RootsPem = idp.RootsPem } })).Name;
        CreateCertificateRequest Request(string token)
        {
            var request = RequestHouse.Request("again-oidc", "r.people.test");
            request.OidcToken = token;
            return request;
        }
        var name = await MadeAsync(before);
        await house.Anyone.CreateCertificateAsync(Request(before.Token(new() { ["preferred_username"] = "r" })));
        await house.Provisioners.DeleteProvisionerAsync(new() { Name = name, Force = true });
        await MadeAsync(after);

        var forged = before.Token(new() { ["preferred_username"] = "r", ["iss"] = after.Issuer });
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(Request(forged)), StatusCode.Unauthenticated, "has no good signature");
        Assert.NotEmpty((await house.Anyone.CreateCertificateAsync(Request(after.Token(new() { ["preferred_username"] = "r" })))).Name);
    }

    private static async Task UntilAnsweredAsync(Func<AsyncUnaryCall<Certificate>> call)
    {
        for (var started = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                await call();
                return;
            }
            catch (RpcException away) when (away.StatusCode == StatusCode.Unavailable && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
            }
        }
    }

    // Without ranges of its own: the server's are the tailnet's, and the provider is on loopback.
    private OidcProvisioner Outside(OpenIdProvider idp)
    {
        var oidc = new OidcProvisioner(house.Oidc()) { Issuer = idp.Issuer, RootsPem = idp.RootsPem };
        oidc.Ranges.Clear();
        return oidc;
    }

    private static UpdateProvisionerRequest Changed(string path, OidcProvisioner oidc) =>
        new() { Provisioner = new() { Name = "provisioners/people", Oidc = oidc }, UpdateMask = new() { Paths = { path } } };

    private async Task<Certificate> AskAsync(JsonObject claims, params string[] names)
    {
        var request = RequestHouse.Request("people", names);
        request.OidcToken = house.Idp.Token(claims);
        return await house.Anyone.CreateCertificateAsync(request);
    }

    private async Task RefusedAsync(JsonObject claims, StatusCode code, string part, params string[] names)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => AskAsync(claims, names));
        Assert.True(refused.StatusCode == code, refused.Status.ToString());
        Assert.Contains(part, refused.Status.Detail, StringComparison.Ordinal);
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>One-time tokens of registered keys: what is taken, and a table of what is not.</summary>
[Collection(RequestGroup.Name)]
public sealed class TokenTests(RequestHouse house)
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static TheoryData<string, string> BadTokens => new()
    {
        { "another audience", "not for grpcca:provisioners/ci" },
        { "no audience", "it has no aud" },
        { "several audiences, none ours", "not for grpcca:provisioners/ci" },
        { "audience is a number", "claim aud that is neither" },
        { "another issuer", "has another iss than ci" },
        { "expired", "expired at" },
        { "not yet", "still to come" },
        { "nbf ahead", "is good only from" },
        { "too long a life", "longer than 00:05:00" },
        { "no exp", "has no exp" },
        { "no iat", "has no iat" },
        { "exp is text", "no time in seconds" },
        { "no jti", "needs a jti" },
        { "jti too long", "needs a jti" },
        { "sans is a string of no name", "is no name" },
        { "no names", "names nothing" },
        { "typ of a proof", "JWT is wanted here" },
        { "alg none", "has a header that is refused" },
        { "HS256 with the public key", "has a header that is refused" },
        { "alg of another key", "does not fit" },
        { "signed by a stranger", "has no good signature" },
        { "own jwk in the header", "has no good signature" },
        { "unknown kid", "which provisioners/ci does not have" },
        { "no kid", "has no kid" },
        { "crit", "crit or b64" },
        { "a claim twice", "has a member twice" },
        { "padding", "base64url without padding" },
        { "two parts", "has 2 parts" },
        { "four parts", "has 4 parts" },
        { "not JSON", "that is refused" },
        { "too long", "characters" },
        { "signature cut", "has no good signature" },
    };

    [Fact]
    public async Task Token_IssuesOnceForExactlyItsNames_WithItsProfile()
    {
        var token = house.Token(claims => claims["profile"] = "short", "one.test", "two.test");
        await house.Provisioners.UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/ci", Profiles = { "profiles/short" } }, UpdateMask = new() { Paths = { "profiles" } } });
        var request = RequestHouse.Request("ci", "two.test", "one.test");
        request.Token = token;

        var preview = await house.Anyone.CreateCertificateAsync(new CreateCertificateRequest(request) { ValidateOnly = true });
        var made = await house.Anyone.CreateCertificateAsync(request);
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(request), StatusCode.Unauthenticated, "was used before");
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(new CreateCertificateRequest(request) { ValidateOnly = true }), StatusCode.Unauthenticated, "was used before");

        Assert.Equal("", preview.Name);
        Assert.Empty(preview.Der);
        Assert.Equal(made.ExpireTime.ToDateTimeOffset(), preview.ExpireTime.ToDateTimeOffset(), TimeSpan.FromSeconds(30));
        Assert.Equal("profiles/short", made.Profile);
        Assert.Equal(["dns:one.test", "dns:two.test"], made.Identifiers.Order());
        Assert.StartsWith("provisioners/ci/token/", made.Requester, StringComparison.Ordinal);
        Assert.Equal(2, made.PemChain.Split("BEGIN CERTIFICATE").Length - 1);
        Assert.Equal(made, await house.Admin.GetCertificateAsync(new() { Name = made.Name }));
    }

    [Fact]
    public async Task Token_WithARequestId_GivesTheFirstAnswerAgain()
    {
        var request = RequestHouse.Request("ci", "once.test");
        (request.Token, request.RequestId) = (house.Token(null, "once.test"), "once");

        var made = await house.Anyone.CreateCertificateAsync(request);

        Assert.Equal(made, await house.Anyone.CreateCertificateAsync(request));
    }

    [Fact]
    public async Task Token_InManyParallelCalls_MakesOneCertificate()
    {
        var token = house.Token(null, "race.test");
        var calls = Enumerable.Range(0, 20).Select(async _ =>
        {
            var request = RequestHouse.Request("ci", "race.test");
            request.Token = token;
            try
            {
                return (await house.Anyone.CreateCertificateAsync(request)).Name;
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.Unauthenticated)
            {
                return null;
            }
        });

        Assert.Single(await Task.WhenAll(calls), name => name is not null);
    }

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task BadToken_IsRefusedByName_AndSpendsNothing(string what, string sentence)
    {
        var request = RequestHouse.Request("ci", "bad.test");
        request.Token = Bad(what);
        var before = await UsedAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await house.Anyone.CreateCertificateAsync(request));

        Assert.True(refused.StatusCode == (what == "too long" ? StatusCode.InvalidArgument : StatusCode.Unauthenticated), refused.Status.ToString());
        Assert.Contains(sentence, refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(before, await UsedAsync());
    }

    [Fact]
    public async Task Csr_WithOtherNamesThanTheToken_IsRefusedWithTheNames()
    {
        var more = RequestHouse.Request("ci", "a.test", "b.test");
        more.Token = house.Token(null, "a.test");
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(more), StatusCode.PermissionDenied, "dns:b.test");
        var fewer = RequestHouse.Request("ci", "a.test");
        fewer.Token = house.Token(null, "a.test", "b.test");
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(fewer), StatusCode.InvalidArgument, "lacks dns:b.test");
        var profile = RequestHouse.Request("ci", "a.test");
        (profile.Token, profile.Profile) = (house.Token(claims => claims["profile"] = "short", "a.test"), "profiles/default");
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(profile), StatusCode.PermissionDenied, "not for 'default'");
    }

    [Fact]
    public async Task Names_OutsideTheAllowlist_AreRefusedWhateverTheTokenSays()
    {
        var request = RequestHouse.Request("ci", "elsewhere.example");
        request.Token = house.Token(null, "elsewhere.example");

        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(request), StatusCode.FailedPrecondition, "provisioners/ci");
    }

    [Fact]
    public async Task Key_ThatWasRemoved_SignsNoMore_AndOneThatWasAddedDoes()
    {
        using var second = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var made = await house.AddAsync("rota", new Provisioner { Token = new TokenProvisioner { Keys = { new TokenKey { PublicKey = house.TokenKey.ExportSubjectPublicKeyInfoPem() } } } });
        var old = Assert.Single(made.Token.Keys).KeyId;
        await house.Provisioners.UpdateProvisionerAsync(new()
        {
            Provisioner = new() { Name = made.Name, Token = new() { Keys = { new TokenKey { KeyId = "new", PublicKey = Tokens.Jwk(second).ToJsonString() } } } },
            UpdateMask = new() { Paths = { "token.keys" } },
        });
        string Signed(ECDsa key, string kid) => Tokens.Sign(key, new JsonObject { ["kid"] = kid }, Tokens.Claims("rota", Now, "r.test"));
        var request = RequestHouse.Request("rota", "r.test");

        request.Token = Signed(house.TokenKey, old);
        await RequestHouse.RefusedAsync(house.Anyone.CreateCertificateAsync(request), StatusCode.Unauthenticated, "does not have");
        request.Token = Signed(second, "new");
        Assert.NotEmpty((await house.Anyone.CreateCertificateAsync(request)).Name);
    }

    [Fact]
    public async Task Lifetimes_AndKeyTypes_AreTheProvisionersWithinTheProfiles()
    {
        await house.AddAsync("bounded", new Provisioner
        {
            Token = new TokenProvisioner { Keys = { new TokenKey { KeyId = "build", PublicKey = Tokens.Jwk(house.TokenKey).ToJsonString() } } },
            Lifetimes = new() { Min = Span(1), Default = Span(2), Max = Span(6) },
            KeyTypes = { "EC_P256" },
        });
        async Task<Certificate> MakeAsync(TimeSpan? life, AsymmetricAlgorithm? key = null)
        {
            var request = key is null ? RequestHouse.Request("bounded", "b.test") : RequestHouse.Request(key, "bounded", "b.test");
            var claims = Tokens.Claims("bounded", Now, "b.test");
            request.Token = Tokens.Sign(house.TokenKey, new JsonObject { ["kid"] = "build" }, claims);
            if (life is { } wanted) request.ExpireTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(Now + wanted);
            return await house.Anyone.CreateCertificateAsync(request);
        }
        double Minutes(Certificate made) => (made.ExpireTime.ToDateTimeOffset() - made.CreateTime.ToDateTimeOffset()).TotalMinutes;
        async Task RefusedAsync(Task<Certificate> call, string part) =>
            Assert.Contains(part, (await Assert.ThrowsAsync<RpcException>(() => call)).Status.Detail, StringComparison.Ordinal);

        Assert.InRange(Minutes(await MakeAsync(null)), 119, 121);
        Assert.InRange(Minutes(await MakeAsync(TimeSpan.FromHours(5))), 299, 301);
        await RefusedAsync(MakeAsync(TimeSpan.FromHours(7)), "longest lifetime of profile default in provisioners/bounded");
        await RefusedAsync(MakeAsync(TimeSpan.FromMinutes(30)), "shortest lifetime");
        using var rsa = RSA.Create(2048);
        await RefusedAsync(MakeAsync(null, rsa), "takes no RSA_2048 keys");
    }

    private static Google.Protobuf.WellKnownTypes.Duration Span(double hours) => Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromHours(hours));

    private ValueTask<long> UsedAsync() => house.Plane.Store.ReadAsync(async s => (await s.Sql("select count(*) from used_tokens").ListAsync(r => r.GetInt64(0)))[0], TestContext.Current.CancellationToken);

    private string Bad(string what)
    {
        string Claim(string name, JsonNode? value) => house.Token(claims => claims[name] = value, "bad.test");
        string Without(string name) => house.Token(claims => claims.Remove(name), "bad.test");
        string Headed(JsonObject header, AsymmetricAlgorithm? key = null) => Tokens.Sign(key ?? house.TokenKey, header, Tokens.Claims("ci", Now, "bad.test"));
        string Header(string name, JsonNode? value) => Headed(new JsonObject { ["kid"] = "build", [name] = value });
        var good = house.Token(null, "bad.test");
        var parts = good.Split('.');
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return what switch
        {
            "another audience" => Claim("aud", "grpcca:provisioners/other"),
            "no audience" => Without("aud"),
            "several audiences, none ours" => Claim("aud", new JsonArray("a", "b")),
            "audience is a number" => Claim("aud", 7),
            "another issuer" => Claim("iss", "people"),
            "expired" => house.Token(claims => (claims["iat"], claims["exp"]) = (Now.AddMinutes(-6).ToUnixTimeSeconds(), Now.AddMinutes(-2).ToUnixTimeSeconds()), "bad.test"),
            "not yet" => house.Token(claims => (claims["iat"], claims["exp"]) = (Now.AddMinutes(5).ToUnixTimeSeconds(), Now.AddMinutes(8).ToUnixTimeSeconds()), "bad.test"),
            "nbf ahead" => Claim("nbf", Now.AddMinutes(3).ToUnixTimeSeconds()),
            "too long a life" => Claim("exp", Now.AddMinutes(10).ToUnixTimeSeconds()),
            "no exp" => Without("exp"),
            "no iat" => Without("iat"),
            "exp is text" => Claim("exp", "tomorrow"),
            "no jti" => Without("jti"),
            "jti too long" => Claim("jti", new string('j', 300)),
            "sans is a string of no name" => Claim("sans", "not a name"),
            "no names" => house.Token(claims => { claims.Remove("sans"); claims.Remove("sub"); }, "bad.test"),
            "typ of a proof" => Header("typ", "grpcca-proof+jwt"),
            "alg none" => $"{Encode("""{"alg":"none","kid":"build"}""")}.{parts[1]}.",
            "HS256 with the public key" => Hmac(parts[1]),
            "alg of another key" => Headed(new JsonObject { ["kid"] = "build", ["alg"] = "ES384" }),
            "signed by a stranger" => Headed(new JsonObject { ["kid"] = "build" }, stranger),
            "own jwk in the header" => Headed(new JsonObject { ["kid"] = "build", ["jwk"] = Tokens.Jwk(stranger) }, stranger),
            "unknown kid" => Headed(new JsonObject { ["kid"] = "nobody" }),
            "no kid" => Headed([]),
            "crit" => Header("crit", new JsonArray("exp")),
            "a claim twice" => $"{parts[0]}.{Encode("""{"iss":"ci","iss":"ci"}""")}.{parts[2]}",
            "padding" => good + "==",
            "two parts" => $"{parts[0]}.{parts[1]}",
            "four parts" => good + ".",
            "not JSON" => $"{parts[0]}.{Encode("tokens")}.{parts[2]}",
            "too long" => good + new string('A', 40_000),
            "signature cut" => $"{parts[0]}.{parts[1]}.{Encode("short")}",
            _ => throw new ArgumentException(what, nameof(what)),
        };
    }

    // Key confusion: the public key is known to everybody, so as a secret it proves nothing (RFC 8725 §2.1).
    private string Hmac(string claims)
    {
        var input = $"{Encode("""{"alg":"HS256","kid":"build"}""")}.{claims}";
        return $"{input}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.ASCII.GetBytes(house.TokenKey.ExportSubjectPublicKeyInfoPem()), Encoding.ASCII.GetBytes(input)))}";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}

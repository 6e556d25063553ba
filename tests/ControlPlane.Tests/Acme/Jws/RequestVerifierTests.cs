using System.Text;
using CsCheck;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Nonces;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

public sealed class RequestVerifierTests
{
    public static TheoryData<string> Algorithms => [.. JwsAlgorithms.Accepted];

    public static TheoryData<string, string> Mismatches =>
        [.. from a in JwsAlgorithms.Accepted from k in JwsAlgorithms.Accepted where a != k select (a, k)];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Request_SignedByAccount_IsVerified(string algorithm)
    {
        var rig = new VerifierRig(KeyOf(algorithm));
        var body = rig.Key.Message(rig.Header, """{"a":"b"}""");

        var verified = await rig.VerifyAsync(body);

        Assert.Equal("Alice-1", verified.Account!.AccountId);
        Assert.Null(verified.Jwk);
        Assert.Equal("""{"a":"b"}""", Encoding.UTF8.GetString(verified.Payload.Span));
        Assert.Equal(body, Encoding.UTF8.GetString(verified.Evidence.Span));
        Assert.Equal((VerifierRig.Url, VerifierRig.Kid), (verified.Url, verified.Kid));
        Assert.False(verified.IsPostAsGet);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Request_SignedByItsOwnKey_IsVerified(string algorithm)
    {
        var rig = new VerifierRig(KeyOf(algorithm)) { Requirement = KeyRequirement.Jwk };
        var verified = await rig.VerifyAsync(rig.Key.Message(rig.JwkHeader, "{}"));
        Assert.Null(verified.Account);
        Assert.Same(verified.Jwk, verified.Key);
    }

    [Theory]
    [MemberData(nameof(Mismatches))]
    public async Task Algorithm_ThatIsNotTheKeys_IsBadSignatureAlgorithm(string algorithm, string key)
    {
        var rig = new VerifierRig(KeyOf(key)) { Requirement = KeyRequirement.Either };
        var byKid = await rig.RefusedAsync(rig.Key.Message(rig.Header.Replace($"\"{key}\"", $"\"{algorithm}\"", StringComparison.Ordinal), "{}"));
        rig.Renew();
        var byJwk = await rig.RefusedAsync(rig.Key.Message(rig.JwkHeaderOf(algorithm, rig.Key.Jwk), "{}"));
        Assert.All([byKid, byJwk], refusal => Assert.Equal(RefusalReason.BadSignatureAlgorithm, refusal.Reason));
        Assert.All([byKid, byJwk], refusal => Assert.Contains("does not fit the key", refusal.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Request_SentAgain_IsBadNonce()
    {
        var rig = new VerifierRig();
        var body = rig.Good;
        await rig.VerifyAsync(body);
        Assert.Equal(RefusalReason.BadNonce, (await rig.RefusedAsync(body)).Reason);
    }

    [Fact]
    public async Task Request_SentByTwentyAtOnce_IsVerifiedOnce()
    {
        var rig = new VerifierRig();
        var body = rig.Good;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            try
            {
                return (await rig.VerifyAsync(body)).Account!.AccountId;
            }
            catch (RefusalException e)
            {
                return e.Reason.ToString();
            }
        })));
        Assert.Equal(["Alice-1", .. Enumerable.Repeat("BadNonce", 19)], outcomes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Request_RefusedForItsKid_SucceedsWithAFreshNonceOnly()
    {
        var rig = new VerifierRig();
        await rig.RefusedAsync(rig.Key.Message(rig.Header.Replace("Alice-1", "Bob-1", StringComparison.Ordinal), "{}"));
        Assert.Equal(RefusalReason.BadNonce, (await rig.RefusedAsync(rig.Good)).Reason);
        rig.Renew();
        await rig.VerifyAsync(rig.Good);
    }

    [Theory]
    [InlineData("https://other.test/acme/acme/account/Alice-1")]
    [InlineData("https://retired.test/acme/acme/account/Alice-1")]
    public async Task Kid_UnderAnyBaseUrlOfTheProvisioner_IsTheAccount(string kid)
    {
        var rig = new VerifierRig();
        var verified = await rig.VerifyAsync(rig.Key.Message(rig.Header.Replace(VerifierRig.Kid, kid, StringComparison.Ordinal), "{}"));
        Assert.Equal("Alice-1", verified.Account!.AccountId);
    }

    [Fact]
    public async Task Url_UnderAnotherBaseUrlOfTheGateway_IsAccepted()
    {
        var rig = new VerifierRig();
        await rig.VerifyAsync(rig.Key.Message(rig.Header.Replace(VerifierRig.Url, "https://other.test/acme/acme/new-order", StringComparison.Ordinal), "{}"));
    }

    [Theory]
    [InlineData("order/O1", "order/O2")]
    [InlineData("order/O1", "order/o1")]
    [InlineData("order/O1", "order/O1/finalize")]
    [InlineData("order/O1/finalize", "order/O1")]
    [InlineData("challenge/A1/C1", "challenge/A1/C2")]
    [InlineData("challenge/A1/C1", "challenge/A2/C1")]
    [InlineData("account/Alice-1", "account/Bob-1")]
    [InlineData("account/Alice-1", "account/Alice-1/orders")]
    [InlineData("certificate/C1", "certificate/C1/1")]
    [InlineData("new-nonce", "directory")]
    public async Task Request_SignedForAnotherId_IsUnauthorized(string signed, string asked)
    {
        var rig = new VerifierRig();
        Assert.True(AcmeRoutes.TryParse("/acme/acme/" + asked, out var route));
        rig.Request = rig.Request with { Route = route };
        var refusal = await rig.RefusedAsync(rig.Key.Message(rig.Header.Replace("new-order", signed, StringComparison.Ordinal), ""));
        Assert.Equal(RefusalReason.Unauthorized, refusal.Reason);

        rig.Renew();
        await rig.VerifyAsync(rig.Key.Message(rig.Header.Replace("new-order", asked, StringComparison.Ordinal), ""));
    }

    [Fact]
    public async Task Request_ForAnIdOfAHostileGateway_IsShownEscaped()
    {
        var rig = new VerifierRig();
        rig.Request = rig.Request with { Route = new(AcmeResource.Order, "acme", "\r\nforged: line") };
        var refusal = await rig.RefusedAsync(rig.Good);
        Assert.Equal(RefusalReason.Unauthorized, refusal.Reason);
        Assert.DoesNotContain(refusal.Detail, char.IsControl);
    }

    [Theory]
    [InlineData("https://other.test", "https://other.test")]
    [InlineData("https://evil.test", VerifierRig.Origin)]
    [InlineData("", VerifierRig.Origin)]
    public void LinkOrigin_OfADeclaredHostOnly_IsEchoed(string origin, string links) =>
        Assert.Equal(links, (new VerifierRig().Request with { Origin = origin }).LinkOrigin);

    [Fact]
    public async Task Header_WithUnknownMembersAndEscapes_IsAccepted()
    {
        var rig = new VerifierRig();
        var header = rig.Header[..^1].Replace("\"kid\"", "\"\\u006bid\"", StringComparison.Ordinal) + ",\"typ\":\"JOSE\",\"x\":[{\"y\":null}]}";
        var body = rig.Key.Message(header, "{}").Replace("\"payload\"", " \"pay\\u006coad\" ", StringComparison.Ordinal);
        await rig.VerifyAsync(body);
    }

    [Fact]
    public async Task Payload_PostAsGet_IsTheEmptyStringOnly()
    {
        var rig = new VerifierRig();
        var fetch = await rig.VerifiedAsync("");
        fetch.RequirePostAsGet();
        Assert.Contains("payload is empty", Assert.Throws<RefusalException>(fetch.RequireObject).Detail, StringComparison.Ordinal);
        var post = await rig.VerifiedAsync("{}");
        Assert.Equal(RefusalReason.Malformed, Assert.Throws<RefusalException>(post.RequirePostAsGet).Reason);
        Assert.False(post.RequireObject().Has("x"));
    }

    [Fact]
    public async Task Body_WithAnyByteChanged_IsRefusedAndNothingElse()
    {
        var rig = new VerifierRig();
        await Gen.Select(Gen.Int[0, 10_000], Gen.Byte[1, 255]).SampleAsync(async (at, flip) =>
        {
            rig.Renew();
            var body = Encoding.UTF8.GetBytes(rig.Good);
            body[at % body.Length] ^= flip;
            await Assert.ThrowsAsync<RefusalException>(async () => await rig.VerifyAsync(body));
        }, iter: 3000, threads: 1);
    }

    [Fact]
    public async Task Body_OfArbitraryParts_IsRefusedAndNothingElse()
    {
        var rig = new VerifierRig { Requirement = KeyRequirement.Either };
        await Gen.Select(Gen.Byte.Array, Gen.Byte.Array, Gen.String, Gen.Int[0, 3]).SampleAsync(async (header, payload, text, kind) =>
        {
            var body = kind switch
            {
                0 => Encoding.UTF8.GetBytes(rig.Key.Message(header, payload)),
                1 => Encoding.UTF8.GetBytes(rig.Key.Message(rig.Header.Replace(VerifierRig.Url, text, StringComparison.Ordinal), "")),
                2 => Encoding.UTF8.GetBytes(rig.Key.Message(rig.JwkHeaderOf("ES256", text), "")),
                _ => header,
            };
            await Assert.ThrowsAsync<RefusalException>(async () => await rig.VerifyAsync(body));
        }, iter: 3000, threads: 1);
    }

    internal static ClientKey KeyOf(string algorithm) => ClientKey.OneOfEach.Single(k => k.Algorithm == algorithm);
}

using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

public sealed class ExternalAccountBindingTests
{
    private readonly VerifierRig rig = new();
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);

    public static TheoryData<string> Faults =>
    [
        "alg none", "alg ES256", "alg HS1", "no alg", "no kid", "jwk", "nonce", "url", "no url", "crit", "payload of another key",
        "payload garbage", "payload empty", "padding", "extra", "duplicate", "a string",
    ];

    private static string Header(string algorithm) => $$"""{"alg":"{{algorithm}}","kid":"eab-1","url":"{{VerifierRig.Url}}"}""";

    [Theory]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    public async Task Binding_WithTheRightMac_IsVerified(string algorithm)
    {
        var inner = ClientKey.Mac(algorithm, secret).Message(Header(algorithm), rig.Key.Jwk);
        var binding = await FindAsync(inner);
        Assert.Equal("eab-1", binding!.KeyId);
        Assert.Equal(inner, Encoding.UTF8.GetString(binding.Evidence.Span));
        binding.Verify(secret);
    }

    [Fact]
    public async Task Binding_OfTheSameKeyWrittenOtherwise_IsVerified()
    {
        var jwk = "{ \"use\":\"sig\"," + rig.Key.Jwk[1..];
        (await FindAsync(ClientKey.Mac("HS256", secret).Message(Header("HS256"), jwk)))!.Verify(secret);
    }

    [Theory]
    [InlineData("another secret")]
    [InlineData("an empty MAC")]
    [InlineData("a short MAC")]
    [InlineData("a long MAC")]
    [InlineData("a MAC of another hash")]
    public async Task Binding_WithAWrongMac_IsUnauthorizedWithoutAWordAboutIt(string fault)
    {
        var right = ClientKey.Mac("HS256", secret);
        var wrong = fault switch
        {
            "another secret" => ClientKey.Mac("HS256", RandomNumberGenerator.GetBytes(32)),
            "an empty MAC" => right with { Sign = _ => [] },
            "a short MAC" => right with { Sign = data => right.Sign(data)[..16] },
            "a long MAC" => right with { Sign = data => [.. right.Sign(data), 0] },
            _ => ClientKey.Mac("HS512", secret),
        };
        var binding = await FindAsync(wrong.Message(Header("HS256"), rig.Key.Jwk));
        var refusal = Assert.Throws<RefusalException>(() => binding!.Verify(secret));
        Assert.Equal((RefusalReason.Unauthorized, "the MAC of externalAccountBinding does not verify"), (refusal.Reason, refusal.Detail));
    }

    [Fact]
    public async Task Binding_Absent_IsNull()
    {
        var outer = await rig.VerifiedAsync("""{"contact":[]}""", byJwk: true);
        Assert.Null(ExternalAccountBinding.Find(outer.RequireObject(), outer));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Binding_WithAFault_IsMalformed(string fault)
    {
        var mac = ClientKey.Mac("HS256", secret);
        var header = Header("HS256");
        var good = mac.Message(header, rig.Key.Jwk);
        var (says, inner) = fault switch
        {
            "alg none" => ("alg 'none'", mac.Message(Header("none"), rig.Key.Jwk)),
            "alg ES256" => ("alg 'ES256'", rig.Key.Message(Header("ES256"), rig.Key.Jwk)),
            "alg HS1" => ("alg 'HS1'", mac.Message(Header("HS1"), rig.Key.Jwk)),
            "no alg" => ("no alg", mac.Message(header.Replace("\"alg\"", "\"algo\"", StringComparison.Ordinal), rig.Key.Jwk)),
            "no kid" => ("no kid", mac.Message(header.Replace("\"kid\"", "\"id\"", StringComparison.Ordinal), rig.Key.Jwk)),
            "jwk" => ("has jwk", mac.Message(header[..^1] + $",\"jwk\":{rig.Key.Jwk}}}", rig.Key.Jwk)),
            "nonce" => ("has a nonce", mac.Message(header[..^1] + ",\"nonce\":\"AAAA\"}", rig.Key.Jwk)),
            "url" => ("that of the outer JWS", mac.Message(header.Replace("new-order", "new-account", StringComparison.Ordinal), rig.Key.Jwk)),
            "no url" => ("no url", mac.Message(header.Replace("\"url\"", "\"uri\"", StringComparison.Ordinal), rig.Key.Jwk)),
            "crit" => ("crit", mac.Message(header[..^1] + ",\"crit\":[]}", rig.Key.Jwk)),
            "payload of another key" => ("is not the key", mac.Message(header, ClientKey.Es256().Jwk)),
            "payload garbage" => ("is not the key", mac.Message(header, "\"x\"")),
            "payload empty" => ("is not the key", mac.Message(header, "")),
            "padding" => ("not base64url", good[..^2] + "=\"}"),
            "extra" => ("'header'", good[..^1] + ",\"header\":{}}"),
            "duplicate" => ("twice", good[..^1] + ",\"payload\":\"e30\"}"),
            _ => ("externalAccountBinding must be an object", "\"x\""),
        };
        var refusal = await Assert.ThrowsAsync<RefusalException>(() => FindAsync(inner));
        Assert.Equal(RefusalReason.Malformed, refusal.Reason);
        Assert.Contains(says, refusal.Detail, StringComparison.Ordinal);
    }

    private async Task<ExternalAccountBinding?> FindAsync(string inner)
    {
        var outer = await rig.VerifiedAsync($$"""{"externalAccountBinding":{{inner}}}""", byJwk: true);
        return ExternalAccountBinding.Find(outer.RequireObject(), outer);
    }
}

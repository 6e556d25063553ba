using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

public sealed class KeyChangeMessageTests
{
    private readonly VerifierRig rig = new();
    private readonly ClientKey next = ClientKey.Es384();

    private string Header => $$"""{"alg":"ES384","url":"{{VerifierRig.Url}}","jwk":{{next.Jwk}}}""";

    private string Payload => $$"""{"account":"{{VerifierRig.Kid}}","oldKey":{{rig.Key.Jwk}}}""";

    public static TheoryData<string> Faults =>
    [
        "nonce", "no jwk", "kid", "url", "no url", "no alg", "alg of another key", "signature", "signed by the old key", "account", "no account",
        "oldKey", "no oldKey", "oldKey garbage", "payload an array", "duplicate", "extra", "not JWS", "empty", "same key", "weak key",
    ];

    [Fact]
    public async Task KeyChange_SignedByBothKeys_IsVerified()
    {
        foreach (var key in ClientKey.OneOfEach)
        {
            var header = $$"""{"alg":"{{key.Algorithm}}","url":"{{VerifierRig.Url}}","jwk":{{key.Jwk}}}""";
            var change = KeyChangeMessage.Verify(await rig.VerifiedAsync(key.Message(header, Payload)));
            Assert.Equal(RequestThumbprint(key), change.NewKey.Thumbprint);
        }
    }

    [Fact]
    public async Task OldKey_WithOtherMembersAndOrder_IsTheAccountsKey()
    {
        var inner = next.Message(Header, Payload.Replace("{\"kty\"", "{\"use\":\"sig\",\"kty\"", StringComparison.Ordinal));
        KeyChangeMessage.Verify(await rig.VerifiedAsync(inner));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task KeyChange_WithAFault_IsRefused(string fault)
    {
        var (reason, says, inner) = Faulty(fault);
        var outer = await rig.VerifiedAsync(inner);
        var refusal = Assert.Throws<RefusalException>(() => KeyChangeMessage.Verify(outer));
        Assert.Contains(says, refusal.Detail, StringComparison.Ordinal);
        Assert.Equal(reason, refusal.Reason);
    }

    private (RefusalReason Reason, string Says, string Inner) Faulty(string fault) => fault switch
    {
        "nonce" => Bent("has a nonce", next.Message(Header[..^1] + $",\"nonce\":\"{rig.Nonces.Mint()}\"}}", Payload)),
        "no jwk" => Bent("has no jwk", next.Message(Header.Replace("\"jwk\"", "\"jwks\"", StringComparison.Ordinal), Payload)),
        "kid" => Bent("has kid", next.Message(Header[..^1] + $",\"kid\":\"{VerifierRig.Kid}\"}}", Payload)),
        "url" => Bent("that of the outer JWS", next.Message(Header.Replace("new-order", "key-change", StringComparison.Ordinal), Payload)),
        "no url" => Bent("has no url", next.Message(Header.Replace("\"url\"", "\"uri\"", StringComparison.Ordinal), Payload)),
        "no alg" => Bent("has no alg", next.Message(Header.Replace("\"alg\"", "\"algo\"", StringComparison.Ordinal), Payload)),
        "alg of another key" => (RefusalReason.BadSignatureAlgorithm, "does not fit", next.Message(Header.Replace("\"ES384\"", "\"ES256\"", StringComparison.Ordinal), Payload)),
        "signature" => Bent("does not verify", (next with { Sign = _ => new byte[96] }).Message(Header, Payload)),
        "signed by the old key" => Bent("does not verify", rig.Key.Message(Header, Payload)),
        "account" => Bent("'account'", next.Message(Header, Payload.Replace("Alice-1", "Bob-1", StringComparison.Ordinal))),
        "no account" => Bent("account is missing", next.Message(Header, Payload.Replace("\"account\"", "\"acct\"", StringComparison.Ordinal))),
        "oldKey" => Bent("'oldKey'", next.Message(Header, $$"""{"account":"{{VerifierRig.Kid}}","oldKey":{{next.Jwk}}}""")),
        "no oldKey" => Bent("oldKey is missing", next.Message(Header, Payload.Replace("\"oldKey\"", "\"key\"", StringComparison.Ordinal))),
        "oldKey garbage" => Bent("'oldKey'", next.Message(Header, $$"""{"account":"{{VerifierRig.Kid}}","oldKey":{"kty":7} }""")),
        "payload an array" => Bent("not a JSON object", next.Message(Header, "[]")),
        "duplicate" => Bent("'signature' twice", next.Message(Header, Payload)[..^1] + ",\"signature\":\"e30\"}"),
        "extra" => Bent("'header'", next.Message(Header, Payload)[..^1] + ",\"header\":{}}"),
        "not JWS" => Bent("has the member 'account'", Payload),
        "empty" => Bent("payload is empty", ""),
        "same key" => Bent("already", rig.Key.Message(rig.JwkHeader.Replace($"\"nonce\":\"{rig.Nonce}\",", "", StringComparison.Ordinal), Payload)),
        _ => (RefusalReason.BadPublicKey, "must have 48", next.Message(
            $$"""{"alg":"ES384","url":"{{VerifierRig.Url}}","jwk":{"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"} }""", Payload)),
    };

    private static (RefusalReason Reason, string Says, string Inner) Bent(string says, string inner) => (RefusalReason.Malformed, says, inner);

    private static string RequestThumbprint(ClientKey key) =>
        JsonWebKey.Parse(System.Text.Encoding.UTF8.GetBytes(key.Jwk), "jwk", new JwsLimits()).Thumbprint;
}

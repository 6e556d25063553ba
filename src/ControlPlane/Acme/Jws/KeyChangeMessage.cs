using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>A key change that both keys signed (RFC 8555 §7.3.5): the old one outside, the new one inside.</summary>
internal sealed class KeyChangeMessage
{
    private const string What = "the inner JWS";

    private KeyChangeMessage(JsonWebKey newKey) => NewKey = newKey;

    public JsonWebKey NewKey { get; }

    /// <summary>Verifies the inner JWS of a request that an account signed.</summary>
    public static KeyChangeMessage Verify(VerifiedRequest outer)
    {
        var account = outer.Account ?? throw new InvalidOperationException("a key change is signed by an account");
        if (outer.IsPostAsGet) throw Malformed("the payload is empty, but the inner JWS is due");
        var inner = InnerMessage.Parse(outer.Payload.Span, What, outer);
        if (inner.Header.Kid is not null) throw Malformed($"{What} has kid, but it must carry the new key as jwk");
        var jwk = inner.Header.Jwk ?? throw Malformed($"{What} has no jwk, the new key");
        var newKey = JsonWebKey.Parse(jwk, $"jwk of {What}", outer.Limits);
        inner.Jws.Verify(JwsAlgorithms.Parse(inner.Algorithm), newKey, What);
        RequireSameAccount(JsonPayload.Parse(inner.Jws.Payload, outer.Limits), outer, account);
        if (newKey.IsSameKey(account.Key)) throw Malformed("the new key is the account's key already");
        return new(newKey);
    }

    private static void RequireSameAccount(JsonPayload payload, VerifiedRequest outer, AccountKey account)
    {
        if (payload.RequireString("account") != outer.Kid)
            throw Malformed($"'account' of {What} is not the account of the outer JWS, {Excerpt.Of(outer.Kid!)}");
        if (!InnerKey.IsKey(payload.RequireObject("oldKey").RawJson, account.Key, outer.Limits))
            throw Malformed($"'oldKey' of {What} is not the key of the account");
    }

    private static RefusalException Malformed(string detail) => new(RefusalReason.Malformed, detail);
}

using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Refusals;
using static GrpcCa.ControlPlane.Refusals.RefusalReason;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

/// <summary>One malformed or forged request and what must be said to it.</summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="Reason">The exact reason.</param>
/// <param name="Says">What the sentence must contain, so that the request is refused for its own fault.</param>
/// <param name="Body">The body, made with a fresh rig.</param>
/// <param name="UsesNonce">Whether the nonce comes to light and is used up (RFC 8555 §6.5).</param>
internal sealed record Forgery(string Name, RefusalReason Reason, string Says, Func<VerifierRig, byte[]> Body, bool UsesNonce = true);

/// <summary>The table of malformed and forged requests; each is one fault away from a good one.</summary>
internal static class ForgedRequests
{
    private const string Crash = "\u0000";

    public static IReadOnlyDictionary<string, Forgery> All { get; } =
        Outer().Concat(Headers()).Concat(Algorithms()).Concat(Keys()).Concat(Bindings()).Concat(Signatures())
            .ToDictionary(f => f.Name, StringComparer.Ordinal);

    private static Forgery Of(string name, RefusalReason reason, string says, Func<VerifierRig, string> body, bool usesNonce = true) =>
        new(name, reason, says, rig => Encoding.UTF8.GetBytes(body(rig)), usesNonce);

    private static Forgery Header(string name, RefusalReason reason, string says, Func<VerifierRig, string> header, bool usesNonce = true) =>
        Of(name, reason, says, rig => rig.Key.Message(header(rig), "{}"), usesNonce);

    private static Forgery Jwk(string name, RefusalReason reason, string says, Func<VerifierRig, string> jwk, string algorithm = "ES256") =>
        Of(name, reason, says, rig =>
        {
            rig.Requirement = ControlPlane.Acme.Jws.KeyRequirement.Jwk;
            return rig.Key.Message(rig.JwkHeaderOf(algorithm, jwk(rig)), "{}");
        });

    private static IEnumerable<Forgery> Outer() =>
    [
        Of("nothing", Malformed, "broken", _ => "", false),
        Of("not JSON", Malformed, "broken", _ => "hello", false),
        Of("an array", Malformed, "not a JSON object", rig => $"[{rig.Good}]", false),
        Of("a string", Malformed, "not a JSON object", _ => "\"e30\"", false),
        Of("an empty object", Malformed, "no member 'protected'", _ => "{}", false),
        Of("compact serialization", Malformed, "broken", rig => string.Join('.', rig.Good.Split('"').Where((_, i) => i % 4 == 3)), false),
        Of("a BOM", Malformed, "broken", rig => "\uFEFF" + rig.Good, false),
        Of("trailing garbage", Malformed, "broken", rig => rig.Good + "x"),
        Of("two objects", Malformed, "broken", rig => rig.Good + rig.Good),
        Of("cut short", Malformed, "broken", rig => rig.Good[..^20]),
        Of("a trailing comma", Malformed, "broken", rig => rig.Good[..^1] + ",}"),
        Of("a comment", Malformed, "broken", rig => rig.Good[..^1] + "/**/}"),
        Of("nested too deep", Malformed, "'x'", rig => rig.Good[..^1] + ",\"x\":" + new string('[', 40) + new string(']', 40) + "}"),
        Of("more than 64 KiB", Malformed, "bytes", rig => rig.Good + new string(' ', 65536), false),
        new("invalid UTF-8", Malformed, "not UTF-8", rig => [.. Encoding.UTF8.GetBytes(rig.Good[..^1] + ",\"x\":\""), 0xC3, 0x28, (byte)'"', (byte)'}'], false),
        Of("an unprotected header", Malformed, "'header'", rig => rig.Good[..^1] + ",\"header\":{\"alg\":\"none\"}}"),
        Of("several signatures", Malformed, "'signatures'", rig => rig.Good[..^1] + ",\"signatures\":[]}"),
        Of("an unknown member", Malformed, "'extra'", rig => rig.Good[..^1] + ",\"extra\":1}"),
        Of("a member name with a NUL", Malformed, "\\u0000", rig => rig.Good[..^1] + ",\"\\u0000\":1}"),
        Of("half a surrogate as member", Malformed, "broken", rig => rig.Good[..^1] + ",\"\\ud800\":1}"),
        Of("protected twice", Malformed, "'protected' twice", rig => rig.Good[..^1] + ",\"protected\":\"e30\"}"),
        Of("protected twice, once escaped", Malformed, "'protected' twice", rig => rig.Good[..^1] + ",\"\\u0070rotected\":\"e30\"}"),
        Of("payload twice", Malformed, "'payload' twice", rig => rig.Good[..^1] + ",\"payload\":\"e30\"}"),
        Of("signature twice", Malformed, "'signature' twice", rig => rig.Good[..^1] + ",\"signature\":\"e30\"}"),
        Of("no payload", Malformed, "no member 'payload'", rig => rig.Good.Replace("\"payload\":\"e30\",", "", StringComparison.Ordinal)),
        Of("no signature", Malformed, "no member 'signature'", rig => rig.Good[..rig.Good.IndexOf(",\"signature\"", StringComparison.Ordinal)] + "}"),
        Of("no protected", Malformed, "no member 'protected'", _ => """{"payload":"e30","signature":"e30"}""", false),
        Of("a number as payload", Malformed, "'payload' of the request body must be a string", rig => rig.Good.Replace("\"e30\"", "1", StringComparison.Ordinal)),
        Of("null as payload", Malformed, "'payload' of the request body must be a string", rig => rig.Good.Replace("\"e30\"", "null", StringComparison.Ordinal)),
        Of("an object as payload", Malformed, "'payload' of the request body must be a string", rig => rig.Good.Replace("\"e30\"", "{}", StringComparison.Ordinal)),
        Of("a huge number as protected", Malformed, "must be a string", _ => $$"""{"protected":{{new string('9', 5000)}},"payload":"","signature":""}""", false),
        Of("padding in payload", Malformed, "'payload' of the request body is not base64url", rig => rig.Good.Replace("\"e30\"", "\"e30=\"", StringComparison.Ordinal)),
        Of("stray bits in payload", Malformed, "'payload' of the request body is not base64url", rig => rig.Good.Replace("\"e30\"", "\"e31\"", StringComparison.Ordinal)),
        Of("white space in payload", Malformed, "'payload' of the request body is not base64url", rig => rig.Good.Replace("\"e30\"", "\"e3 0\"", StringComparison.Ordinal)),
        Of("a line break in payload", Malformed, "'payload' of the request body is not base64url", rig => rig.Good.Replace("\"e30\"", "\"e30\\n\"", StringComparison.Ordinal)),
        Of("base64 instead of base64url", Malformed, "'payload' of the request body is not base64url", rig => rig.Good.Replace("\"e30\"", "\"+/+/\"", StringComparison.Ordinal)),
        Of("a lone character as payload", Malformed, "'payload' of the request body is not base64url", rig => rig.Good.Replace("\"e30\"", "\"e30AA\"", StringComparison.Ordinal)),
        Of("padding in signature", Malformed, "'signature' of the request body is not base64url", rig => rig.Good[..^2] + "==\"}"),
        Of("padding in protected", Malformed, "'protected' of the request body is not base64url", rig => rig.Good.Replace("\",\"payload", "=\",\"payload", StringComparison.Ordinal), false),
    ];

    private static IEnumerable<Forgery> Headers() =>
    [
        Header("an empty header", Malformed, "broken", _ => "", false),
        Header("a header that is an array", Malformed, "header of the request body is not a JSON object", _ => "[]", false),
        Header("a header that is a string", Malformed, "header of the request body is not a JSON object", _ => "\"x\"", false),
        Header("a header with trailing data", Malformed, "header of the request body is broken", rig => rig.Header + "{}"),
        Header("a header cut short", Malformed, "header of the request body is broken", rig => rig.Header[..^1]),
        Header("a header over 16 KiB", Malformed, "bytes", rig => rig.Header + new string(' ', 16384), false),
        Header("a header nested too deep", Malformed, "deeper", rig => rig.Header[..^1] + ",\"x\":" + new string('[', 20) + new string(']', 20) + "}"),
        Header("a header with 40 members", Malformed, "more than 32 members", rig =>
            rig.Header[..^1] + string.Concat(Enumerable.Range(0, 40).Select(i => $",\"m{i}\":0")) + "}"),
        new("a header with invalid UTF-8", Malformed, "not UTF-8",
            rig => Encoding.UTF8.GetBytes(rig.Key.Message([.. Encoding.UTF8.GetBytes(rig.Header[..^1] + ",\"x\":\""), 0xFF, (byte)'"', (byte)'}'], [])), false),
        Header("alg twice", Malformed, "'alg' twice", rig => rig.Header[..^1] + ",\"alg\":\"none\"}"),
        Header("nonce twice", Malformed, "'nonce' twice", rig => rig.Header[..^1] + $",\"nonce\":\"{rig.Nonces.Mint()}\"}}"),
        Header("kid twice, once escaped", Malformed, "'kid' twice", rig => rig.Header[..^1] + ",\"\\u006bid\":\"x\"}"),
        Header("an unknown member twice", Malformed, "'x' twice", rig => rig.Header[..^1] + ",\"x\":1,\"x\":1}"),
        Header("crit", Malformed, "crit", rig => rig.Header[..^1] + ",\"crit\":[\"exp\"],\"exp\":1}"),
        Header("an empty crit", Malformed, "crit", rig => rig.Header[..^1] + ",\"crit\":[]}"),
        Header("b64 false", Malformed, "b64", rig => rig.Header[..^1] + ",\"b64\":false}"),
        Header("b64 false with crit", Malformed, "b64", rig => rig.Header[..^1] + ",\"b64\":false,\"crit\":[\"b64\"]}"),
        Header("neither jwk nor kid", Malformed, "neither jwk nor kid", rig => rig.Header.Replace("\"kid\"", "\"kidd\"", StringComparison.Ordinal)),
        Header("both jwk and kid", Malformed, "both jwk and kid", rig => rig.Header[..^1] + $",\"jwk\":{rig.Key.Jwk}}}"),
        Header("jwk that is a string", Malformed, "jwk in the protected header of the request body must be an object", rig => rig.Header[..^1] + ",\"jwk\":\"x\"}"),
        Header("jwk that is null", Malformed, "jwk in the protected header of the request body must be an object", rig => rig.Header[..^1] + ",\"jwk\":null}"),
        Header("kid that is a number", Malformed, "kid in the protected header of the request body must be a string", rig => rig.Header.Replace($"\"{VerifierRig.Kid}\"", "7", StringComparison.Ordinal)),
        Header("no alg", Malformed, "no alg", rig => rig.Header.Replace("\"alg\"", "\"algo\"", StringComparison.Ordinal)),
        Header("alg that is a number", Malformed, "alg in the protected header of the request body must be a string", rig => rig.Header.Replace("\"ES256\"", "256", StringComparison.Ordinal)),
        Header("no url", Malformed, "no url", rig => rig.Header.Replace("\"url\"", "\"uri\"", StringComparison.Ordinal)),
        Header("url that is an object", Malformed, "url in the protected header of the request body must be a string", rig => rig.Header.Replace($"\"{VerifierRig.Url}\"", "{}", StringComparison.Ordinal)),
        Header("half a surrogate as url", Malformed, "broken", rig => rig.Header.Replace(VerifierRig.Url, "\\udc00", StringComparison.Ordinal)),
        Header("no nonce", BadNonce, "no nonce", rig => rig.Header.Replace("\"nonce\"", "\"once\"", StringComparison.Ordinal), false),
        Header("nonce that is a number", Malformed, "nonce in the protected header of the request body must be a string", rig => rig.Header.Replace($"\"{rig.Nonce}\"", "1e999", StringComparison.Ordinal), false),
        Header("an empty nonce", BadNonce, "nonce", rig => rig.Header.Replace(rig.Nonce, "", StringComparison.Ordinal), false),
        Header("a nonce that is not base64url", Malformed, "nonce is not base64url", rig => rig.Header.Replace(rig.Nonce, "!?", StringComparison.Ordinal), false),
        Header("a padded nonce", Malformed, "nonce is not base64url", rig => rig.Header.Replace(rig.Nonce, rig.Nonce + "=", StringComparison.Ordinal), false),
        Header("a nonce of 8,000 characters", BadNonce, "nonce", rig => rig.Header.Replace(rig.Nonce, new string('A', 8000), StringComparison.Ordinal), false),
        Header("a nonce of nobody", BadNonce, "nonce", rig => rig.Header.Replace(rig.Nonce, Base64Url.EncodeToString(new byte[36]), StringComparison.Ordinal), false),
        Header("a nonce with a NUL", Malformed, "nonce is not base64url", rig => rig.Header.Replace(rig.Nonce, "\\u0000", StringComparison.Ordinal), false),
    ];

    private static IEnumerable<Forgery> Algorithms() =>
        from algorithm in (string[])["none", "NONE", "", "HS256", "HS384", "HS512", "RS1", "RS384", "RS512", "PS256", "ES256K", "Ed25519", "Ed448", "es256", "ES256 ", "ML-DSA-44", Crash]
        select Header($"alg '{algorithm.Replace(Crash, "NUL", StringComparison.Ordinal)}'", BadSignatureAlgorithm, "is not accepted",
            rig => rig.Header.Replace("\"ES256\"", System.Text.Json.JsonSerializer.Serialize(algorithm), StringComparison.Ordinal));

    private static IEnumerable<Forgery> Keys()
    {
        var e = new byte[] { 1, 0, 1 };
        var modulus = RandomModulus();
        return
        [
            Jwk("a jwk that is empty", Malformed, "no member 'kty'", _ => "{}"),
            Jwk("a jwk with a member twice", Malformed, "'x' twice", rig => rig.Key.Jwk[..^1] + ",\"x\":\"AA\"}"),
            Jwk("a jwk without y", Malformed, "no member 'y'", rig => rig.Key.Jwk.Replace("\"y\"", "\"z\"", StringComparison.Ordinal)),
            Jwk("a jwk with a number as kty", Malformed, "'kty' of jwk must be a string", rig => rig.Key.Jwk.Replace("\"EC\"", "1", StringComparison.Ordinal)),
            Jwk("a jwk with padding", Malformed, "'y' of jwk is not base64url", rig => rig.Key.Jwk[..^2] + "=\"}"),
            Jwk("a jwk with a private key", BadPublicKey, "private member 'd'", rig => rig.Key.Jwk[..^1] + ",\"d\":\"AA\"}"),
            Jwk("an RSA jwk with a private prime", BadPublicKey, "private member 'p'", _ => ClientKey.Rs256().Jwk[..^1] + ",\"p\":\"AA\"}", "RS256"),
            Jwk("a symmetric jwk", BadPublicKey, "private member 'k'", _ => """{"kty":"oct","k":"AAAA"}""", "ES256"),
            Jwk("an unknown kty", BadPublicKey, "kty 'AKP'", _ => """{"kty":"AKP","pub":"AAAA"}"""),
            Jwk("an unknown curve", BadPublicKey, "crv 'secp256k1'", rig => rig.Key.Jwk.Replace("P-256", "secp256k1", StringComparison.Ordinal)),
            Jwk("a coordinate too short", BadPublicKey, "must have 32", _ => """{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"""),
            Jwk("a P-256 point said to be of P-384", BadPublicKey, "must have 48", rig => rig.Key.Jwk.Replace("P-256", "P-384", StringComparison.Ordinal), "ES384"),
            Jwk("a point off the curve", BadPublicKey, "not on the curve", rig => rig.Key.Jwk.Replace("\"y\"", "\"q1\"", StringComparison.Ordinal).Replace("\"x\"", "\"y\"", StringComparison.Ordinal)[..^1] + $",\"x\":\"{Base64Url.EncodeToString(new byte[32])}\"}}"),
            Jwk("the point at zero", BadPublicKey, "not on the curve", _ => $$"""{"kty":"EC","crv":"P-256","x":"{{Base64Url.EncodeToString(new byte[32])}}","y":"{{Base64Url.EncodeToString(new byte[32])}}"}"""),
            Jwk("X25519", BadPublicKey, "crv 'X25519'", _ => """{"kty":"OKP","crv":"X25519","x":"AAAA"}""", "EdDSA"),
            Jwk("Ed25519 of 31 bytes", BadPublicKey, "must have 32", _ => $$"""{"kty":"OKP","crv":"Ed25519","x":"{{Base64Url.EncodeToString(new byte[31])}}"}""", "EdDSA"),
            Jwk("Ed25519 of small order", BadPublicKey, "Ed25519", _ => $$"""{"kty":"OKP","crv":"Ed25519","x":"{{Base64Url.EncodeToString(new byte[32])}}"}""", "EdDSA"),
            Jwk("RSA of 1,024 bits", BadPublicKey, "1024", _ => ClientKey.RsaJwk(modulus[..128], e), "RS256"),
            Jwk("RSA of 16,384 bits", BadPublicKey, "RSA", _ => ClientKey.RsaJwk([.. Enumerable.Repeat(modulus, 8).SelectMany(m => m)], e), "RS256"),
            Jwk("RSA with e = 1", BadPublicKey, "exponent", _ => ClientKey.RsaJwk(modulus, [1]), "RS256"),
            Jwk("RSA with e = 3", BadPublicKey, "exponent", _ => ClientKey.RsaJwk(modulus, [3]), "RS256"),
            Jwk("RSA with a huge e", BadPublicKey, "exponent", _ => ClientKey.RsaJwk(modulus, modulus), "RS256"),
            Jwk("RSA with an empty n", BadPublicKey, "n is empty", _ => ClientKey.RsaJwk([], e), "RS256"),
            Jwk("RSA with a leading zero in n", BadPublicKey, "zero octet", _ => ClientKey.RsaJwk([0, .. modulus], e), "RS256"),
            Jwk("RSA with a leading zero in e", BadPublicKey, "zero octet", _ => ClientKey.RsaJwk(modulus, [0, 1, 0, 1]), "RS256"),
            Jwk("RSA with a small factor", BadPublicKey, "small prime", _ => ClientKey.RsaJwk(MultipleOfThree(modulus), e), "RS256"),
            Jwk("RSA with an even modulus", BadPublicKey, "even", _ => ClientKey.RsaJwk([.. modulus[..^1], 2], e), "RS256"),
        ];
    }

    private static IEnumerable<Forgery> Bindings() =>
    [
        Binding("another resource", "/acme/acme/new-account"),
        Binding("another provisioner", "/acme/nixos/new-order"),
        Binding("a trailing slash", "/acme/acme/new-order/"),
        Binding("a query", "/acme/acme/new-order?x=1"),
        Binding("a fragment", "/acme/acme/new-order#x"),
        Binding("another case", "/acme/acme/New-Order"),
        Binding("an escape", "/acme/acme/new%2Dorder"),
        Binding("a dot segment", "/acme/acme/./new-order"),
        Binding("a double slash", "//acme/acme/new-order"),
        Binding("no path", ""),
        Url("an undeclared host", "https://evil.test/acme/acme/new-order"),
        Url("a retired host", "https://retired.test/acme/acme/new-order"),
        Url("another port", "https://ca.test/acme/acme/new-order"),
        Url("plain http", "http://ca.test:14000/acme/acme/new-order"),
        Url("user information", "https://x@ca.test:14000/acme/acme/new-order"),
        Url("nothing", ""),
        Url("control characters", "https://ca.test:14000/\\r\\n"),
        Kid("nothing", Malformed, "not an account URL", ""),
        Kid("an id only", Malformed, "not an account URL", "Alice-1"),
        Kid("an order URL", Malformed, "not an account URL", VerifierRig.Origin + "/acme/acme/order/Alice-1"),
        Kid("plain http", Malformed, "not an account URL", "http://ca.test:14000/acme/acme/account/Alice-1"),
        Kid("a trailing slash", Malformed, "not an account URL", VerifierRig.Kid + "/"),
        Kid("its orders", Malformed, "not an account URL", VerifierRig.Kid + "/orders"),
        Kid("another CA's path", Malformed, "not an account URL", "https://other-ca.test/acct/1"),
        Kid("a CA that this one replaced", AccountDoesNotExist, "not an account of 'acme'", "https://step-ca.test/acme/acme/account/Alice-1"),
        Kid("an unknown account", AccountDoesNotExist, "not an account of 'acme'", VerifierRig.Origin + "/acme/acme/account/Bob-1"),
        Kid("another case of the id", AccountDoesNotExist, "not an account of 'acme'", VerifierRig.Origin + "/acme/acme/account/alice-1"),
        Kid("another provisioner's URL", AccountDoesNotExist, "not an account of 'acme'", VerifierRig.Origin + "/acme/nixos/account/Nixos-1"),
        Kid("another provisioner's account", AccountDoesNotExist, "not an account of 'acme'", VerifierRig.Origin + "/acme/acme/account/Nixos-1"),
        Kid("a deactivated account", AccountNotValid, "deactivated", VerifierRig.Origin + "/acme/acme/account/Deactivated-1"),
        Kid("a revoked account", AccountNotValid, "revoked", VerifierRig.Origin + "/acme/acme/account/Revoked-1"),
        Of("jwk where kid is due", Malformed, "needs kid", rig => rig.Key.Message(rig.JwkHeader, "{}")),
        Of("kid where jwk is due", Malformed, "needs jwk", rig =>
        {
            rig.Requirement = ControlPlane.Acme.Jws.KeyRequirement.Jwk;
            return rig.Good;
        }),
        Of("a gateway that may not serve the provisioner", Unauthorized, "does not serve", rig =>
        {
            rig.Request = rig.Request with { Gateway = rig.Request.Gateway with { Provisioners = ["nixos"] } };
            return rig.Good;
        }),
        Of("a gateway without base URLs", Unauthorized, "no base URL", rig =>
        {
            rig.Request = rig.Request with { Gateway = rig.Request.Gateway with { BaseUrls = [] } };
            return rig.Good;
        }),
    ];

    private static IEnumerable<Forgery> Signatures() =>
    [
        Signature("an empty signature", _ => []),
        Signature("a zero signature", s => new byte[s.Length]),
        Signature("a short signature", s => s[..^1]),
        Signature("a long signature", s => [.. s, 0]),
        Signature("a DER signature", s => Der(s)),
        Signature("r and s swapped", s => [.. s[32..], .. s[..32]]),
        Signature("r of all ones", s => [.. Enumerable.Repeat((byte)0xFF, 32), .. s[32..]]),
        Of("another key's signature", Malformed, "does not verify", rig => ClientKey.Es256().Message(rig.Header, "{}")),
        Of("an altered payload", Malformed, "does not verify", rig => rig.Good.Replace("\"e30\"", "\"eyJ9\"", StringComparison.Ordinal)),
        Of("a payload added to a POST-as-GET", Malformed, "does not verify",
            rig => rig.Key.Message(rig.Header, "").Replace("\"payload\":\"\"", "\"payload\":\"e30\"", StringComparison.Ordinal)),
        Of("an altered header", Malformed, "does not verify", rig =>
        {
            var good = rig.Good;
            var signed = good.Split('"')[3];
            return good.Replace(signed, ClientKey.Encode(rig.Header + " "), StringComparison.Ordinal);
        }),
        Of("the account's public key as a MAC secret", BadSignatureAlgorithm, "is not accepted",
            rig => ClientKey.Mac("HS256", Encoding.UTF8.GetBytes(rig.Key.Jwk)).Message(rig.Header.Replace("ES256", "HS256", StringComparison.Ordinal), "{}")),
    ];

    private static Forgery Binding(string name, string path) => Url(name, VerifierRig.Origin + path);

    private static Forgery Url(string name, string url) =>
        Header($"a url with {name}", Unauthorized, "but the request is for 'https://ca.test:14000/acme/acme/new-order'",
            rig => rig.Header.Replace(VerifierRig.Url, url, StringComparison.Ordinal));

    private static Forgery Kid(string name, RefusalReason reason, string says, string kid) =>
        Header($"a kid that is {name}", reason, says, rig => rig.Header.Replace(VerifierRig.Kid, kid, StringComparison.Ordinal));

    private static Forgery Signature(string name, Func<byte[], byte[]> bend) =>
        Of(name, Malformed, "the JWS signature does not verify", rig => (rig.Key with { Sign = data => bend(rig.Key.Sign(data)) }).Message(rig.Header, "{}"));

    private static byte[] Der(byte[] fixedLength)
    {
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(fixedLength.AsSpan(0, 32).TrimStart((byte)0));
            writer.WriteIntegerUnsigned(fixedLength.AsSpan(32).TrimStart((byte)0));
        }
        return writer.Encode();
    }

    private static byte[] RandomModulus()
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportParameters(false).Modulus!;
    }

    private static byte[] MultipleOfThree(byte[] modulus)
    {
        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        n -= n % 6;
        return (n + 3).ToByteArray(isUnsigned: true, isBigEndian: true);
    }
}

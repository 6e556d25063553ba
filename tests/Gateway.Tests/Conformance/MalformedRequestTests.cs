using System.Text;
using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>
/// Checklist J1–J4, J9, J11: malformed and forged requests, each with its exact type and status, none of which leaves a
/// row behind or a line of fault in the log.
/// </summary>
public sealed class MalformedRequestTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private const string Malformed = "malformed", BadKey = "badPublicKey", BadAlgorithm = "badSignatureAlgorithm";

    private static readonly Dictionary<string, Forgery> Forgeries = All().ToDictionary(f => f.Name, StringComparer.Ordinal);

    private House House => shared.House;

    private sealed record Forgery(string Name, string Type, Func<JwsDraft, JwsDraft> Spoil);

    public static TheoryData<string> Names => [.. Forgeries.Keys];

    /// <summary>The points of the checklist that the table has rows for.</summary>
    internal static IEnumerable<string> PointsOfRows => Forgeries.Keys.Select(name => name[..name.IndexOf(' ', StringComparison.Ordinal)]);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task J_ForgedRequest_IsRefusedAndLeavesNothing(string name)
    {
        var forgery = Forgeries[name];
        var client = House.Client();
        var url = await client.UrlAsync("newAccount");
        var before = await House.CountRowsAsync();
        var draft = forgery.Spoil(await client.DraftAsync(url, """{"contact":["mailto:a@home.example"]}"""));
        var answer = (await client.PostBodyAsync(url, draft.WriteText())).MustBe(400, forgery.Type);
        Assert.NotNull(answer.Nonce);
        Assert.Equal(before, await House.CountRowsAsync());
    }

    [Fact]
    public void Table_HasSixtyForgeries() => Assert.InRange(Forgeries.Count, 60, 1000);

    public static TheoryData<string> Bodies =>
    [
        "", " ", "null", "7", "true", "\"jws\"", "[]", "{}", "{", "}", "{]", "nothing at all", "{\"protected\":\"\"}",
        "{\"protected\":\"\",\"payload\":\"\",\"signature\":\"\"}", "{\"protected\":7,\"payload\":\"\",\"signature\":\"\"}",
        "{\"protected\":\"e30\",\"payload\":null,\"signature\":\"AA\"}", "{\"protected\":{},\"payload\":{},\"signature\":{}}",
        "a.b.c", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "\u0000", "{\"protected\":\"e30\",\"payload\":\"\",\"signature\":\"AA\"} trailing",
        "\ufeff{}",
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task J1_BodyThatIsNoFlattenedJws_IsMalformed(string body)
    {
        var client = House.Client();
        var before = await House.CountRowsAsync();
        (await client.PostBodyAsync(await client.UrlAsync("newAccount"), body)).MustBe(400, Malformed);
        Assert.Equal(before, await House.CountRowsAsync());
    }

    [Fact]
    public async Task J11_BytesThatAreNoUtf8_AreMalformed()
    {
        var client = House.Client();
        var url = await client.UrlAsync("newAccount");
        (await client.PostAsync(url, "", d => d with { PayloadBytes = [(byte)'{', (byte)'"', 0xff, 0xfe, (byte)'"', (byte)':', (byte)'1', (byte)'}'] })).MustBe(400, Malformed);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent([(byte)'{', 0xc3, 0x28, (byte)'}']) };
        request.Content.Headers.ContentType = new("application/jose+json");
        (await client.SendAsync(request)).MustBe(400, Malformed);
    }

    private static IEnumerable<Forgery> All() => [.. Shape(), .. Header(), .. Encoding64(), .. Payloads(), .. Keys()];

    private static IEnumerable<Forgery> Shape() =>
    [
        new("J1 unprotected header", Malformed, d => d with { Outer = o => o["header"] = new JsonObject { ["kid"] = "x" } }),
        new("J1 empty unprotected header", Malformed, d => d with { Outer = o => o["header"] = new JsonObject() }),
        new("J1 signatures beside signature", Malformed, d => d with { Outer = o => o["signatures"] = new JsonArray() }),
        new("J1 general serialization", Malformed, d => d with
        {
            Outer = o =>
            {
                o["signatures"] = new JsonArray(new JsonObject { ["protected"] = o["protected"]!.DeepClone(), ["signature"] = o["signature"]!.DeepClone() });
                o.Remove("protected");
                o.Remove("signature");
            },
        }),
        new("J1 unknown outer member", Malformed, d => d with { Outer = o => o["more"] = 1 }),
        new("J1 payload twice", Malformed, d => d with { Text = t => t.Insert(1, "\"payload\":\"e30\",") }),
        new("J1 protected twice", Malformed, d => d with { Text = t => t.Insert(t.Length - 1, ",\"protected\":\"e30\"") }),
        new("J1 signature twice", Malformed, d => d with { Text = t => t.Insert(1, "\"signature\":\"AA\",") }),
        new("J1 compact serialization", Malformed, d => d with { Text = t => Compact(t) }),
        new("J1 in an array", Malformed, d => d with { Text = t => $"[{t}]" }),
        new("J1 trailing text", Malformed, d => d with { Text = t => t + "x" }),
        new("J1 two objects", Malformed, d => d with { Text = t => t + t }),
        new("J1 comment", Malformed, d => d with { Text = t => "/* */" + t }),
        new("J1 no signature", Malformed, d => d with { Outer = o => o.Remove("signature") }),
        new("J1 no payload", Malformed, d => d with { Outer = o => o.Remove("payload") }),
        new("J1 no protected", Malformed, d => d with { Outer = o => o.Remove("protected") }),
        new("J1 signature null", Malformed, d => d with { Outer = o => o["signature"] = null }),
        new("J1 payload an object", Malformed, d => d with { Outer = o => o["payload"] = new JsonObject() }),
        new("J1 upper-case member", Malformed, d => d with { Text = t => t.Replace("\"payload\"", "\"Payload\"", StringComparison.Ordinal) }),
        new("J8 signature of another request", Malformed, d => d with { Outer = o => o["signature"] = (d with { Nonce = "AAAA" }).Write()["signature"]!.DeepClone() }),
    ];

    private static IEnumerable<Forgery> Header() =>
    [
        new("J2 jwk and kid", Malformed, d => d with { Header = h => h["kid"] = "https://one.ca.test/acme/acme/account/x" }),
        new("J2 neither jwk nor kid", Malformed, d => d with { Header = h => h.Remove("jwk") }),
        new("J2 no alg", Malformed, d => d with { Header = h => h.Remove("alg") }),
        new("J2 no url", Malformed, d => d with { Url = null }),
        new("J2 no nonce", "badNonce", d => d with { Nonce = null }),
        new("J2 jwk null", Malformed, d => d with { Header = h => h["jwk"] = null }),
        new("J2 jwk a string", Malformed, d => d with { Header = h => h["jwk"] = "key" }),
        new("J2 alg a number", Malformed, d => d with { Header = h => h["alg"] = 256 }),
        new("J2 url an array", Malformed, d => d with { Header = h => h["url"] = new JsonArray(d.Url) }),
        new("J2 alg twice", Malformed, d => d with { HeaderText = t => t.Insert(1, "\"alg\":\"none\",") }),
        new("J2 jwk twice", Malformed, d => d with { HeaderText = t => t.Insert(1, "\"jwk\":{},") }),
        new("J2 nonce twice", Malformed, d => d with { HeaderText = t => t.Insert(t.Length - 1, ",\"nonce\":\"AAAA\"") }),
        new("J2 header an array", Malformed, d => d with { HeaderText = t => $"[{t}]" }),
        new("J2 header broken", Malformed, d => d with { HeaderText = t => t[..^1] }),
        new("J2 header empty", Malformed, d => d with { HeaderText = _ => "" }),
        new("J2 header with a comment", Malformed, d => d with { HeaderText = t => t.Insert(1, "/**/") }),
        new("J2 header too deep", Malformed, d => d with { HeaderText = t => t.Insert(t.Length - 1, ",\"x\":" + new string('[', 100) + new string(']', 100)) }),
        new("J2 header too long", Malformed, d => d with { Header = h => h["x"] = new string('x', 30_000) }),
        new("J3 alg none", BadAlgorithm, d => d with { Header = h => h["alg"] = "none", Signature = _ => [] }),
        new("J3 alg HS256", BadAlgorithm, d => d with { Header = h => h["alg"] = "HS256" }),
        new("J3 alg of another curve", BadAlgorithm, d => d with { Header = h => h["alg"] = "ES384" }),
        new("J4 crit", Malformed, d => d with { Header = h => h["crit"] = new JsonArray("exp") }),
        new("J4 crit empty", Malformed, d => d with { Header = h => h["crit"] = new JsonArray() }),
        new("J4 b64 false", Malformed, d => d with { Header = h => { h["b64"] = false; h["crit"] = new JsonArray("b64"); } }),
        new("J4 b64 without crit", Malformed, d => d with { Header = h => h["b64"] = false }),
    ];

    private static IEnumerable<Forgery> Encoding64() =>
    [
        new("J4 padding in payload", Malformed, d => d with { EncodedPayload = p => Pad(p) }),
        new("J4 padding in protected", Malformed, d => d with { HeaderText = t => t + " ", Protected = p => Pad(p) }),
        new("J4 padding in signature", Malformed, d => d with { EncodedSignature = s => s + "==" }),
        new("J4 standard alphabet", Malformed, d => d with { EncodedSignature = s => "+/" + s[2..] }),
        new("J4 space in payload", Malformed, d => d with { EncodedPayload = p => p.Insert(4, " ") }),
        new("J4 newline in protected", Malformed, d => d with { Protected = p => p.Insert(4, "\n") }),
        new("J4 non-canonical last character", Malformed, d => d with { EncodedSignature = s => s[..^1] + NonCanonical(s[^1]) }),
        new("J4 impossible length", Malformed, d => d with { EncodedPayload = p => p.Length % 4 == 0 ? p + "A" : p[..^(p.Length % 4 == 1 ? 0 : p.Length % 4 - 1)] }),
        new("J4 truncated protected", Malformed, d => d with { Outer = o => o["protected"] = o["protected"]!.GetValue<string>()[..^3] }),
        new("J4 truncated signature", Malformed, d => d with { EncodedSignature = s => s[..40] }),
        new("J4 NUL in signature", Malformed, d => d with { EncodedSignature = s => "\0" + s[1..] }),
    ];

    private static IEnumerable<Forgery> Payloads() =>
    [
        new("J10 empty payload", Malformed, d => d with { Payload = "" }),
        new("J11 payload an array", Malformed, d => d with { Payload = "[]" }),
        new("J11 payload a string", Malformed, d => d with { Payload = "\"{}\"" }),
        new("J11 payload null", Malformed, d => d with { Payload = "null" }),
        new("J11 payload broken", Malformed, d => d with { Payload = "{\"contact\":" }),
        new("J11 payload with trailing text", Malformed, d => d with { Payload = "{} {}" }),
        new("J11 payload with a trailing comma", Malformed, d => d with { Payload = "{\"contact\":[],}" }),
        new("J11 payload with a member twice", Malformed, d => d with { Payload = """{"contact":["mailto:a@home.example"],"contact":[]}""" }),
        new("J11 payload too deep", Malformed, d => d with { Payload = "{\"x\":" + new string('[', 500) + new string(']', 500) + "}" }),
        new("J11 payload with too many values", Malformed, d => d with { Payload = "{\"x\":[" + string.Join(',', Enumerable.Repeat("1", 10_000)) + "]}" }),
        new("J11 half a surrogate", Malformed, d => d with { Payload = "{\"x\":\"\\ud800\"}" }),
        new("J11 NUL byte", Malformed, d => d with { Payload = "{\"x\":\"\0\"}" }),
        new("J11 byte order mark", Malformed, d => d with { PayloadBytes = [0xef, 0xbb, 0xbf, (byte)'{', (byte)'}'] }),
        new("J11 UTF-16", Malformed, d => d with { PayloadBytes = Encoding.Unicode.GetBytes("{}") }),
        new("A wrongly typed contact", Malformed, d => d with { Payload = """{"contact":"mailto:a@home.example"}""" }),
        new("A wrongly typed onlyReturnExisting", Malformed, d => d with { Payload = """{"onlyReturnExisting":"yes"}""" }),
        new("A huge number", Malformed, d => d with { Payload = "{\"onlyReturnExisting\":1e999999}" }),
    ];

    private static IEnumerable<Forgery> Keys()
    {
        foreach (var (fault, key) in WeakKeys.Rsa) yield return new Forgery($"J9 RSA {fault}", BadKey, d => d with { Key = key });
        yield return Jwk("EC point off the curve", j => j["x"] = j["y"]!.DeepClone());
        yield return Jwk("EC point at zero", j => (j["x"], j["y"]) = (new string('A', 43), new string('A', 43)));
        yield return Jwk("EC coordinate beyond the prime", j => j["x"] = new string('_', 42) + "8");
        yield return Jwk("EC coordinate too short", j => j["x"] = "AAAA");
        yield return Jwk("EC without y", j => j.Remove("y"), Malformed);
        yield return Jwk("EC with d", j => j["d"] = j["x"]!.DeepClone());
        yield return Jwk("EC curve P-224", j => j["crv"] = "P-224");
        yield return Jwk("EC curve secp256k1", j => j["crv"] = "secp256k1");
        yield return Jwk("kty oct", j => j["kty"] = "oct");
        yield return Jwk("kty missing", j => j.Remove("kty"), Malformed);
        yield return Jwk("kty null", j => j["kty"] = null, Malformed);
        yield return Jwk("x a number", j => j["x"] = 7, Malformed);
        yield return new Forgery("J9 Ed25519 with d", BadKey, d => d with { Key = AcmeKey.Ed25519(), Header = h => h["jwk"]!["d"] = "AAAA" });
        yield return new Forgery("J9 Ed25519 too short", BadKey, d => d with { Key = AcmeKey.Ed25519(), Header = h => h["jwk"]!["x"] = "AAAA" });
        yield return new Forgery("J9 Ed25519 of small order", BadKey, d => d with { Key = AcmeKey.Ed25519(), Header = h => h["jwk"]!["x"] = new string('A', 43) });
        yield return new Forgery("J9 X25519", BadKey, d => d with { Key = AcmeKey.Ed25519(), Header = h => h["jwk"]!["crv"] = "X25519" });
        yield return new Forgery("J9 RSA with leading zero in n", BadKey, d => d with { Key = AcmeKey.Rs256(), Header = h => h["jwk"]!["n"] = "AA" + h["jwk"]!["n"]!.GetValue<string>() });
        yield return new Forgery("J9 RSA with p", BadKey, d => d with { Key = AcmeKey.Rs256(), Header = h => h["jwk"]!["p"] = "AAAA" });

        Forgery Jwk(string fault, Action<JsonObject> spoil, string type = BadKey) => new($"J9 {fault}", type, d => d with { Header = h => spoil(h["jwk"]!.AsObject()) });
    }

    private static string Compact(string text)
    {
        var jws = JsonNode.Parse(text)!;
        return $"{jws["protected"]}.{jws["payload"]}.{jws["signature"]}";
    }

    private static string Pad(string text) => text + new string('=', text.Length % 4 == 0 ? 4 : 4 - (text.Length % 4));

    // Of a last character only some bits count; another one with the same bits is a second spelling.
    private static char NonCanonical(char last)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return alphabet[alphabet.IndexOf(last, StringComparison.Ordinal) | 1];
    }
}

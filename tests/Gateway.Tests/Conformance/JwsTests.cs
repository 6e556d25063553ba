using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist J: signed requests (RFC 8555 §6.2–6.4, RFC 7515). The broken ones in bulk are in <see cref="MalformedRequestTests"/>.</summary>
public sealed class JwsTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private House House => shared.House;

    public static TheoryData<string> Algorithms => ["ES256", "ES384", "ES512", "RS256", "EdDSA"];

    internal static AcmeKey KeyFor(string algorithm) => algorithm switch
    {
        "ES256" => AcmeKey.Es256(),
        "ES384" => AcmeKey.Es384(),
        "ES512" => AcmeKey.Es512(),
        "RS256" => AcmeKey.Rs256(),
        _ => AcmeKey.Ed25519(),
    };

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task J3_EveryAlgorithm_Issues(string algorithm)
    {
        var client = await House.AccountAsync(key: KeyFor(algorithm));
        Assert.Equal(2, (await client.IssueAsync($"j3-{algorithm}.test")).Chain.Count);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task J3_UnknownAlgorithm_IsRefusedWithTheListOfKnownOnes(string algorithm)
    {
        var client = House.Client(key: KeyFor(algorithm));
        foreach (var wrong in (string[])["none", "HS256", "HS512", "RS1", "RS512x", "es256", "PS256", "ES256K", ""])
        {
            var answer = (await client.PostAsync(await client.UrlAsync("newAccount"), "{}", d => d with { Header = h => h["alg"] = wrong })).MustBe(400, "badSignatureAlgorithm");
            var known = answer.Texts("algorithms");
            foreach (var good in (string[])["ES256", "ES384", "ES512", "RS256", "EdDSA"]) Assert.Contains(good, known);
            Assert.DoesNotContain(known, a => a.StartsWith("HS", StringComparison.Ordinal) || a == "none");
        }
    }

    [Fact]
    public async Task J3_AlgorithmOfAnotherKey_IsBadSignatureAlgorithm()
    {
        foreach (var algorithm in Algorithms)
        {
            var key = KeyFor(algorithm);
            var client = House.Client(key: key);
            foreach (var other in Algorithms.Select(a => a.Data).Where(a => a != key.Algorithm))
                (await client.PostAsync(await client.UrlAsync("newAccount"), "{}", d => d with { Header = h => h["alg"] = other })).MustBe(400, "badSignatureAlgorithm");
        }
    }

    [Fact]
    public async Task J3_PublicKeyAsMacSecret_SignsNothing()
    {
        var client = await House.AccountAsync(key: AcmeKey.Rs256());
        var secret = ((RSA)client.Key.Platform!).ExportSubjectPublicKeyInfo();
        var mac = AcmeKey.Mac("HS256", secret);
        (await client.PostAsync(client.Kid!, "", d => d with { Key = mac })).MustBe(400, "badSignatureAlgorithm");
        (await client.PostAsync(client.Kid!, "", d => d with { Key = mac, Header = h => h["alg"] = "RS256" })).MustBe(400, "malformed");
    }

    public static TheoryData<string, int> Lengths => new() { { "ES256", 64 }, { "ES384", 96 }, { "ES512", 132 } };

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task J3a_EcSignatureOfAnotherForm_IsRefused(string algorithm, int length)
    {
        var client = await House.AccountAsync(key: KeyFor(algorithm));
        Func<byte[], byte[]>[] faults =
        [
            s => AsDer(s),
            s => s[..^1],
            s => [.. s, 0],
            s => [0, .. s],
            _ => new byte[length],
            s => [.. s[..(length / 2)], .. new byte[length / 2]],
            s => [.. new byte[length / 2], .. s[(length / 2)..]],
            _ => [],
            _ => [.. Enumerable.Repeat((byte)0xff, length)],
        ];
        (await client.PostAsync(client.Kid!, "", d => d with { Signature = s => s.Length == length ? s : throw new InvalidOperationException() })).MustBe(200);
        foreach (var fault in faults)
            (await client.PostAsync(client.Kid!, "", d => d with { Signature = fault })).MustBe(400, "malformed");
    }

    [Fact]
    public async Task J3a_UnknownHeaderMembers_AreIgnored()
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(client.Kid!, "", d => d with
        {
            Header = h =>
            {
                h["typ"] = "JOSE";
                h["x5c"] = new JsonArray("zzz");
                h["jku"] = "https://keys.example/";
                h["new"] = new JsonObject { ["member"] = 1 };
            },
        })).MustBe(200);
    }

    [Fact]
    public async Task J5_UrlOfTheSameResourceAtAnotherBaseUrl_IsUnauthorizedUnlessTheGatewayHasIt()
    {
        var client = await House.AccountAsync();
        var two = await House.AddGatewayAsync("j5");
        (await client.PostAsync(client.Kid!, "", d => d with { Url = client.Kid!.Replace(House.Gateway.Origin, two.Origin, StringComparison.Ordinal) })).MustBe(403, "unauthorized");
        (await client.PostAsync(client.Kid!, "", d => d with { Url = client.Kid!.Replace(House.Gateway.Origin, "https://evil.example", StringComparison.Ordinal) })).MustBe(403, "unauthorized");
        // The kid may carry any base URL of the provisioner; the url must be the one asked.
        var there = client.At(new Uri($"{two.Origin}/acme/acme/directory"));
        (await there.FetchAsync(client.Kid!.Replace(House.Gateway.Origin, two.Origin, StringComparison.Ordinal))).MustBe(200);
    }

    public static TheoryData<string, string> Urls => new()
    {
        { "trailing slash", "{0}/" },
        { "query", "{0}?a=b" },
        { "empty query", "{0}?" },
        { "fragment", "{0}#x" },
        { "http", "http:{1}" },
        { "upper scheme", "HTTPS:{1}" },
        { "port", "https://one.ca.test:443{2}" },
        { "user", "https://u@one.ca.test{2}" },
        { "host case", "https://ONE.ca.test{2}" },
        { "host dot", "https://one.ca.test.{2}" },
        { "double slash", "https://one.ca.test/{2}" },
        { "dot segment", "https://one.ca.test/acme/acme/../acme/account" },
        { "path case", "https://one.ca.test/ACME/acme/new-account" },
        { "provisioner case", "https://one.ca.test/acme/Acme/new-account" },
        { "other provisioner", "https://one.ca.test/acme/nixos/new-account" },
        { "other resource", "https://one.ca.test/acme/acme/new-order" },
        { "relative", "{2}" },
        { "space", " {0}" },
        { "nothing", "" },
        { "escape", "https://one.ca.test/acme/acme/new%2Daccount" },
    };

    [Theory]
    [MemberData(nameof(Urls))]
    public async Task J5a_UrlOtherThanTheRequests_IsUnauthorized(string difference, string form)
    {
        var client = House.Client();
        var url = await client.UrlAsync("newAccount");
        var wrong = string.Format(form, url, url["https:".Length..], new Uri(url).AbsolutePath);
        Assert.NotEqual(url, wrong);
        (await client.PostAsync(url, "{}", d => d with { Url = wrong })).MustBe(403, "unauthorized", difference == "nothing" ? null : "url");
    }

    [Fact]
    public async Task J5a_MissingUrl_IsMalformed()
    {
        var client = House.Client();
        (await client.PostAsync(await client.UrlAsync("newAccount"), "{}", d => d with { Url = null })).MustBe(400, "malformed");
    }

    [Theory]
    [InlineData("1", "malformed")]
    [InlineData("", "malformed")]
    [InlineData("https://one.ca.test/acme/acme/order/1", "malformed")]
    [InlineData("https://one.ca.test/acme/acme/account/", "malformed")]
    [InlineData("https://one.ca.test/acme/acme/account/a b", "malformed")]
    [InlineData("https://one.ca.test/acme/acme/account/00000000000000000000000000", "accountDoesNotExist")]
    [InlineData("https://old-ca.example/acme/acme/account/1", "accountDoesNotExist")]
    [InlineData("https://one.ca.test/acme/nixos/account/1", "accountDoesNotExist")]
    public async Task J6_KidOfNoAccount_IsRefused(string kid, string type)
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(await client.UrlAsync("newOrder"), AcmeClient.OrderOf("j6.test"), d => d with { Kid = kid })).MustBe(400, type);
    }

    [Fact]
    public async Task J6_DeactivatedAccount_IsUnauthorized401()
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(client.Kid!, """{"status":"deactivated"}""")).MustBe(200);
        (await client.OrderAsync("j6.test")).MustBe(401, "unauthorized");
    }

    [Fact]
    public async Task J7_WrongKindOfKey_IsMalformed()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("j7.test");
        foreach (var url in (string[])[client.Kid!, order.Location!, order.Texts("authorizations")[0], await client.UrlAsync("newOrder"), await client.UrlAsync("keyChange"), await client.UrlAsync("newAuthz")])
            (await client.PostAsync(url, "", d => d with { Kid = null })).MustBe(400, "malformed", "kid");
        (await client.PostAsync(await client.UrlAsync("newAccount"), "{}")).MustBe(400, "malformed", "jwk");
    }

    [Fact]
    public async Task J8_BadSignature_IsMalformedAndNeverSaysWhichPart()
    {
        var client = await House.AccountAsync();
        var stranger = AcmeKey.Es256();
        string[] details =
        [
            (await client.PostAsync(client.Kid!, "", d => d with { Signature = s => [.. s.Reverse()] })).MustBe(400, "malformed").Detail,
            (await client.PostAsync(client.Kid!, "", d => d with { Key = stranger })).MustBe(400, "malformed").Detail,
            (await client.PostAsync(client.Kid!, "", d => d with { Signature = s => [.. s[..^1], (byte)(s[^1] ^ 1)] })).MustBe(400, "malformed").Detail,
            (await client.PostAsync(client.Kid!, "", d => d with { Outer = o => o["payload"] = "e30" })).MustBe(400, "malformed").Detail,
        ];
        Assert.Single(details.Distinct());
    }

    [Fact]
    public async Task J8_SignedPayloadOrHeaderChanged_IsRefused()
    {
        var client = await House.AccountAsync();
        var url = await client.UrlAsync("newOrder");
        var other = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(AcmeClient.OrderOf("evil.test").ToJsonString()));
        (await client.PostAsync(url, AcmeClient.OrderOf("j8.test"), d => d with { Outer = o => o["payload"] = other })).MustBe(400, "malformed");
        var before = (await House.CountRowsAsync())["orders"];
        (await client.PostAsync(url, AcmeClient.OrderOf("j8.test"), d => d with { Outer = o => o["protected"] = Base64Url.EncodeToString("""{"alg":"ES256"}"""u8) })).MustBe(400, "malformed");
        Assert.Equal(before, (await House.CountRowsAsync())["orders"]);
    }

    [Fact]
    public async Task J10_PayloadWhereNoneIsDue_IsMalformed()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("j10.test");
        foreach (var url in (string[])[order.Location!, client.DirectoryUrl.ToString(), await client.UrlAsync("newNonce"), $"{client.Kid}/orders"])
            (await client.PostAsync(url, "{}")).MustBe(400, "malformed");
    }

    [Fact]
    public async Task J10_EmptyPayloadWhereAnObjectIsDue_IsMalformed()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("j10.test");
        foreach (var url in (string[])[await client.UrlAsync("newOrder"), await client.UrlAsync("newAuthz"), await client.UrlAsync("revokeCert"), await client.UrlAsync("keyChange"), order.Text("finalize")!])
            (await client.FetchAsync(url)).MustBe(400, "malformed");
        var fresh = House.Client();
        (await fresh.PostAsync(await fresh.UrlAsync("newAccount"), "", d => d with { Kid = null })).MustBe(400, "malformed");
    }

    private static byte[] AsDer(byte[] fixedForm)
    {
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Trim(fixedForm.AsSpan(0, fixedForm.Length / 2)));
            writer.WriteIntegerUnsigned(Trim(fixedForm.AsSpan(fixedForm.Length / 2)));
        }
        return writer.Encode();

        static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> number) => number.TrimStart((byte)0);
    }
}

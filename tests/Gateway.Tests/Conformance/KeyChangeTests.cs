using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist K: key rollover (RFC 8555 §7.3.5).</summary>
public sealed class KeyChangeTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private House House => shared.House;

    [Theory]
    [MemberData(nameof(JwsTests.Algorithms), MemberType = typeof(JwsTests))]
    public async Task K1_KeyOfAnyKind_TakesOver(string algorithm)
    {
        var client = await House.AccountAsync();
        var kid = client.Kid;
        var answer = (await client.ChangeKeyAsync(JwsTests.KeyFor(algorithm))).MustBe(200);
        Assert.Equal(client.Key.Jwk.ToJsonString(), answer.Json["key"]!.ToJsonString());
        Assert.Equal("valid", answer.Text("status"));
        (await client.OrderAsync("k1.test")).MustBe(201);
        Assert.Equal(kid, (await client.RegisterAsync()).MustBe(200).Location);
    }

    [Fact]
    public async Task K1_InnerMessageThatDoesNotMatch_IsMalformed()
    {
        var client = await House.AccountAsync();
        var other = await House.AccountAsync();
        var fresh = AcmeKey.Es256();
        (await client.ChangeKeyAsync(fresh, d => d with { Url = client.Kid })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Url = null })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Kid = client.Kid })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Header = h => h["kid"] = client.Kid })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Signature = s => [.. s.Reverse()] })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Header = h => h["jwk"] = AcmeKey.Es256().Jwk })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Payload = "{}" })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Payload = "" })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Outer = o => o["header"] = new JsonObject() })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Header = h => h["crit"] = new JsonArray("x") })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, d => d with { Header = h => h["alg"] = "none" })).MustBe(400, "badSignatureAlgorithm");
        (await client.ChangeKeyAsync(fresh, spoilPayload: p => p["account"] = other.Kid)).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, spoilPayload: p => p["oldKey"] = other.Key.Jwk.DeepClone())).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, spoilPayload: p => p["oldKey"] = fresh.Jwk.DeepClone())).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, spoilPayload: p => p.Remove("account"))).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, spoilPayload: p => p.Remove("oldKey"))).MustBe(400, "malformed");
        // Nothing of it took effect.
        (await client.FetchAsync(client.Kid!)).MustBe(200);
        (await House.Client(key: fresh).RegisterAsync(new JsonObject { ["onlyReturnExisting"] = true })).MustBe(400, "accountDoesNotExist");
    }

    [Fact]
    public async Task K1_OuterSignedByTheNewKey_IsRefused()
    {
        var client = await House.AccountAsync();
        var fresh = AcmeKey.Es256();
        (await client.ChangeKeyAsync(fresh, spoilOuter: d => d with { Key = fresh })).MustBe(400, "malformed");
        (await client.ChangeKeyAsync(fresh, spoilOuter: d => d with { Kid = null })).MustBe(400, "malformed");
    }

    [Fact]
    public async Task K2_KeyOfAnotherAccount_Is409WithItsLocation()
    {
        var client = await House.AccountAsync();
        var other = await House.AccountAsync();
        var answer = (await client.ChangeKeyAsync(other.Key)).MustBe(409, "malformed");
        Assert.Equal(other.Kid, answer.Location);
        (await client.FetchAsync(client.Kid!)).MustBe(200);
    }

    [Fact]
    public async Task K2a_InnerMessageWithNonce_IsMalformed()
    {
        var client = await House.AccountAsync();
        var nonce = await client.NonceAsync();
        (await client.ChangeKeyAsync(AcmeKey.Es256(), d => d with { Nonce = nonce })).MustBe(400, "malformed", "nonce");
    }

    [Fact]
    public async Task K2a_PendingOrder_GoesOnUnderTheNewKey()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("k2a.test");
        (await client.ChangeKeyAsync(AcmeKey.Es384())).MustBe(200);
        var ready = await client.ValidateAsync(order);
        Assert.Equal("ready", ready.Text("status"));
        var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        Assert.NotEmpty((await client.FinishAsync(ready, Csr.Of(key, "k2a.test"), key)).Chain);
    }

    [Fact]
    public async Task K2a_KeyAuthorizationOfTheOldKey_NoLongerProves()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("k2a-old.test");
        var url = order.Texts("authorizations")[0];
        var challenge = AcmeClient.ChallengeOf(await client.FetchAsync(url), "http-01");
        var token = challenge["token"]!.GetValue<string>();
        House.Site.Put(token, client.KeyAuthorization(token));
        await client.ChangeKeyAsync(AcmeKey.Es256());
        (await client.PostAsync(challenge["url"]!.GetValue<string>(), "{}")).MustBe(200);
        Assert.Equal("invalid", (await client.UntilAsync(url, a => a.Text("status") != "pending")).Text("status"));
    }

    [Fact]
    public async Task K3_SameKey_IsMalformed()
    {
        var client = await House.AccountAsync();
        (await client.ChangeKeyAsync(client.Key)).MustBe(400, "malformed");
    }

    [Fact]
    public async Task K3_WeakNewKey_IsBadPublicKey()
    {
        var client = await House.AccountAsync();
        (await client.ChangeKeyAsync(AcmeKey.Rs256(1024))).MustBe(400, "badPublicKey");
        foreach (var (_, key) in WeakKeys.Rsa.Where(w => w.Fault is "e = 1" or "close primes" or "ROCA")) (await client.ChangeKeyAsync(key)).MustBe(400, "badPublicKey");
    }

    [Fact]
    public async Task K3_OldKey_FailsAfterwards()
    {
        var client = await House.AccountAsync();
        var old = client.Key;
        (await client.ChangeKeyAsync(AcmeKey.Es256())).MustBe(200);
        (await client.PostAsync(client.Kid!, "", d => d with { Key = old })).MustBe(400, "malformed");
        (await House.Client(key: old).RegisterAsync(new JsonObject { ["onlyReturnExisting"] = true })).MustBe(400, "accountDoesNotExist");
        (await client.FetchAsync(client.Kid!)).MustBe(200);
    }

    [Fact]
    public async Task K3_ManyChangesAtOnce_LeaveOneKeyThatWorks()
    {
        var client = await House.AccountAsync();
        var keys = Enumerable.Range(0, 10).Select(_ => AcmeKey.Es256()).ToList();
        var answers = await Task.WhenAll(keys.Select(k => client.At(client.DirectoryUrl).ChangeKeyAsync(k)));
        Assert.Single(answers, a => a.Status == 200);
        Assert.All(answers.Where(a => a.Status != 200), a => Assert.InRange(a.Status, 400, 499));
        var works = 0;
        foreach (var key in keys.Append(client.Key))
            if ((await client.PostAsync(client.Kid!, "", d => d with { Key = key })).Status == 200) works++;
        Assert.Equal(1, works);
    }
}

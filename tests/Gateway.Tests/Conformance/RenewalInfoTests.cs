using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist I: renewal information (RFC 9773).</summary>
public sealed class RenewalInfoTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private House House => shared.House;

    [Fact]
    public async Task I1_RenewalInfo_IsAWindowInsideTheLifetime()
    {
        var client = await House.AccountAsync();
        var leaf = (await client.IssueAsync("i1.test")).Leaf;
        var answer = (await client.GetAsync($"{await client.UrlAsync("renewalInfo")}/{IdOf(leaf)}")).MustBe(200);
        var (start, end) = WindowOf(answer);
        Assert.True(start < end);
        Assert.InRange(start, leaf.NotBefore.ToUniversalTime(), leaf.NotAfter.ToUniversalTime());
        Assert.InRange(end, start, leaf.NotAfter.ToUniversalTime());
        Assert.Matches("^[1-9][0-9]*$", answer.Header("Retry-After"));
    }

    [Theory]
    [InlineData("x", 400)]
    [InlineData("AAAA", 400)]
    [InlineData("AAAA.", 400)]
    [InlineData(".AAAA", 400)]
    [InlineData("AAAA.BBBB.CCCC", 400)]
    [InlineData("AAAA.BBBB", 404)]
    public async Task I2_IdOfNoCertificate_IsRefused(string id, int status)
    {
        var client = House.Client();
        (await client.GetAsync($"{await client.UrlAsync("renewalInfo")}/{id}")).MustBe(status, "malformed");
    }

    [Fact]
    public async Task I2_RevokedCertificate_HasItsWindowInThePast()
    {
        var client = await House.AccountAsync();
        var leaf = (await client.IssueAsync("i2.test")).Leaf;
        (await client.RevokeAsync(leaf.RawData, 4)).MustBe(200);
        var (_, end) = WindowOf((await client.GetAsync($"{await client.UrlAsync("renewalInfo")}/{IdOf(leaf)}")).MustBe(200));
        Assert.True(end < TimeProvider.System.GetUtcNow().UtcDateTime);
    }

    [Fact]
    public async Task I3_Windows_AreSpreadAndEndBeforeTheCertificateDoes()
    {
        var client = await House.AccountAsync();
        var windows = new List<(DateTime Start, DateTime End)>();
        for (var i = 0; i < 6; i++)
        {
            var leaf = (await client.IssueAsync($"i3-{i}.test")).Leaf;
            var window = WindowOf((await client.GetAsync($"{await client.UrlAsync("renewalInfo")}/{IdOf(leaf)}")).MustBe(200));
            // Late enough to be worth it, early enough for another try.
            Assert.InRange((window.Start - leaf.NotBefore.ToUniversalTime()) / (leaf.NotAfter - leaf.NotBefore), 0.3, 0.9);
            Assert.True(leaf.NotAfter.ToUniversalTime() - window.End > TimeSpan.FromMinutes(30), $"{window} of {leaf.NotAfter.ToUniversalTime():u}");
            windows.Add((window.Start, window.End));
        }
        Assert.Equal(windows.Count, windows.Select(w => w.Start).Distinct().Count());
    }

    [Fact]
    public async Task O9_Replaces_IsTakenOnceAndOnlyForOnesOwnCertificateOfTheSameName()
    {
        var client = await House.AccountAsync();
        var first = (await client.IssueAsync("o9.test")).Leaf;
        var url = await client.UrlAsync("newOrder");
        (await (await House.AccountAsync()).PostAsync(url, Replacing("o9.test", first))).MustBe(403, "unauthorized");
        (await client.PostAsync(url, Replacing("o9-other.test", first))).MustBe(400, "malformed");
        (await client.PostAsync(url, """{"identifiers":[{"type":"dns","value":"o9.test"}],"replaces":"nonsense"}""")).MustBe(400, "malformed");
        var order = (await client.PostAsync(url, Replacing("o9.test", first))).MustBe(201);
        Assert.Equal(IdOf(first), order.Text("replaces"));
        var key = AcmeKey.Es256();
        await client.FinishAsync(await client.ValidateAsync(order), Csr.Of(key.Platform!, "o9.test"), key.Platform!);
        (await client.PostAsync(url, Replacing("o9.test", first))).MustBe(409, "alreadyReplaced");
    }

    private static System.Text.Json.Nodes.JsonObject Replacing(string name, X509Certificate2 leaf)
    {
        var order = AcmeClient.OrderOf(name);
        order["replaces"] = IdOf(leaf);
        return order;
    }

    // RFC 9773 §4.1: the AKI's key identifier and the serial's DER content octets.
    private static string IdOf(X509Certificate2 leaf)
    {
        var authority = leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value;
        return $"{Base64Url.EncodeToString(authority.Span)}.{Base64Url.EncodeToString(leaf.SerialNumberBytes.Span)}";
    }

    private static (DateTime Start, DateTime End) WindowOf(AcmeAnswer answer)
    {
        var window = answer.Json["suggestedWindow"]!;
        return (Parse(window["start"]!.GetValue<string>()), Parse(window["end"]!.GetValue<string>()));

        static DateTime Parse(string time) => DateTime.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);
    }
}

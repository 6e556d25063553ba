using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using GrpcCa.V1;
using Microsoft.Extensions.Time.Testing;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.Trust;

/// <summary>Revocation lists: fetched, checked, kept, and served with what caches have to know.</summary>
public sealed class CrlTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/crl")]
    [InlineData("/crl/ca")]
    public async Task List_BothListeners_ServeItForCaches(string path)
    {
        await using var rig = await GatewayRig.StartAsync();
        var der = Offer(rig, 7);
        foreach (var client in (HttpClient[])[rig.Https, rig.Http])
        {
            using var answer = await UntilOkAsync(rig, path, client);
            Assert.Equal(der, await answer.Content.ReadAsByteArrayAsync(Stop));
            Assert.Equal("application/pkix-crl", answer.Content.Headers.ContentType?.ToString());
            Assert.Equal("public, max-age=30", Header(answer, "Cache-Control"));
            Assert.Equal(answer.Headers.Date!.Value.AddSeconds(30), answer.Content.Headers.Expires!.Value, TimeSpan.FromSeconds(2));
            Assert.NotNull(answer.Content.Headers.LastModified);
            Assert.Matches("^\"[0-9a-f]{32}\"$", Header(answer, "ETag"));

            using var head = await rig.SendAsync(HttpMethod.Head, path, client: client);
            Assert.Equal(der.Length, head.Content.Headers.ContentLength);
            using var same = await ConditionalAsync(rig, client, path, "If-None-Match", Header(answer, "ETag"));
            Assert.Equal((HttpStatusCode.NotModified, ""), (same.StatusCode, await same.Content.ReadAsStringAsync(Stop)));
            Assert.Equal(Header(answer, "ETag"), Header(same, "ETag"));
            // A date never hides a list: two may come within a second.
            using var since = await ConditionalAsync(rig, client, path, "If-Modified-Since", Header(answer, "Date"));
            Assert.Equal(HttpStatusCode.OK, since.StatusCode);
            using var other = await ConditionalAsync(rig, client, path, "If-None-Match", "\"00000000000000000000000000000000\"");
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        }
    }

    [Fact]
    public async Task AllLists_ArePem_InTheControlPlanesOrder_AndUnknownOnesAreNot()
    {
        await using var rig = await GatewayRig.StartAsync();
        var plane = rig.Plane;
        var (issuers, roots) = (Make(rig.Time, plane.Issuing.Intermediate!, 7), Make(rig.Time, plane.Issuing.Root, 3));
        plane.Crls = [Message("ca", 7, issuers), Message("root-main", 3, roots)];
        using var answer = await UntilOkAsync(rig, "/crl.pem", rig.Http);

        Assert.Equal(PemEncoding.WriteString("X509 CRL", issuers) + "\n" + PemEncoding.WriteString("X509 CRL", roots) + "\n", await answer.Content.ReadAsStringAsync(Stop));
        Assert.Equal("application/x-pem-file", answer.Content.Headers.ContentType?.ToString());
        foreach (var path in (string[])["/crl/", "/crl/nobody", "/crl/ca/x", "/crl/CA", "/crlca"])
        {
            using var missing = await rig.SendAsync(HttpMethod.Get, path, client: rig.Http);
            await ProblemAsync(missing, 404, "malformed");
        }
    }

    [Fact]
    public async Task NewerList_IsServedSoon_AndAnOlderOneNever()
    {
        await using var rig = await GatewayRig.StartAsync();
        Offer(rig, 7);
        using var first = await UntilOkAsync(rig, "/crl", rig.Http);
        var second = Offer(rig, 9, RandomNumberGenerator.GetBytes(16));
        await UntilServedAsync(rig, "/crl", second);

        Offer(rig, 8);
        await GatewayRig.UntilAsync(() => rig.Logs.Count(2052) > 0, "the older list is complained about");

        Assert.Equal(second, await BytesAsync(rig, "/crl"));
    }

    [Fact]
    public async Task List_OfAStranger_OrChanged_IsNotServed()
    {
        await using var rig = await GatewayRig.StartAsync();
        var good = Offer(rig, 7);
        await UntilServedAsync(rig, "/crl", good);
        var stranger = new TestKit.TestAuthority("Issuing", rig.Time, withIntermediate: true);
        rig.Plane.Crls = [Message("ca", 9, Make(rig.Time, stranger.Intermediate!, 9))];
        await GatewayRig.UntilAsync(() => rig.Logs.Count(2051) == 1, "the stranger's list is refused");

        var changed = Make(rig.Time, rig.Plane.Issuing.Intermediate!, 10);
        changed[^1] ^= 1;
        rig.Plane.Crls = [Message("ca", 10, changed)];
        await GatewayRig.UntilAsync(() => rig.Logs.Count(2051) == 2, "the changed list is refused");
        rig.Plane.Crls = [Message("ca", 11, [0x30, 0x00])];
        await GatewayRig.UntilAsync(() => rig.Logs.Count(2051) == 3, "what is no list is refused");

        Assert.Equal(good, await BytesAsync(rig, "/crl"));
    }

    [Fact]
    public async Task Restart_ControlPlaneAway_ServesTheLastList_AndDamageIsNoReasonNotToStart()
    {
        await using var rig = await GatewayRig.StartAsync();
        var der = Offer(rig, 7);
        await UntilServedAsync(rig, "/crl", der);
        await rig.StopGatewayAsync();
        await rig.Plane.PauseAsync();

        await rig.StartGatewayAsync();
        Assert.Equal(der, await BytesAsync(rig, "/crl"));
        await rig.StopGatewayAsync();

        // Somebody wrote into the state directory: the list is believed for its signature alone.
        var file = Path.Combine(rig.Options.State, "crls.pb");
        var kept = ListCrlsResponse.Parser.ParseFrom(await File.ReadAllBytesAsync(file, Stop));
        kept.Crls[0].Der = ByteString.CopyFrom([.. der[..^1], (byte)(der[^1] ^ 1)]);
        await File.WriteAllBytesAsync(file, kept.ToByteArray(), Stop);
        await rig.StartGatewayAsync();
        using (var refused = await rig.SendAsync(HttpMethod.Get, "/crl", client: rig.Http)) Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        await rig.StopGatewayAsync();
        await File.WriteAllBytesAsync(file, [0xFF, 0xFF, 0xFF], Stop);
        await rig.StartGatewayAsync();
        await rig.Plane.ResumeAsync();
        await UntilServedAsync(rig, "/crl", der);
    }

    [Fact]
    public async Task List_ThatCannotBeKept_IsServed_AndKeptLater()
    {
        await using var rig = await GatewayRig.StartAsync();
        var file = Path.Combine(rig.Options.State, "crls.pb");
        // As good as a full disk: the file cannot be replaced.
        Directory.CreateDirectory(file);

        await UntilServedAsync(rig, "/crl", Offer(rig, 7));
        await UntilServedAsync(rig, "/crl", Offer(rig, 8));
        Assert.Equal(1, rig.Logs.Count(2054));

        Directory.Delete(file);
        await GatewayRig.UntilAsync(() => File.Exists(file), "the lists are kept");
    }

    [Fact]
    public async Task OwnCertificate_ThatCannotBeKept_IsShown_AndNoOtherAskedFor()
    {
        await using var rig = await GatewayRig.StartAsync();
        using (await rig.SendAsync(HttpMethod.Get, "/health")) Assert.Equal(1, rig.Plane.TlsCalls);
        var (serial, file) = (rig.Shown[0].SerialNumberBytes.ToArray(), Path.Combine(rig.Options.State, "tls.pem"));
        File.Delete(file);
        Directory.CreateDirectory(file);

        Offer(rig, 7, serial);
        await GatewayRig.UntilAsync(() => rig.Logs.Count(2031) == 2, "the new TLS certificate is shown");
        await Task.Delay(TimeSpan.FromSeconds(3), Stop);
        Directory.Delete(file);
        await GatewayRig.UntilAsync(() => File.Exists(file), "it is kept");

        Assert.Equal(2, rig.Plane.TlsCalls);
    }

    [Fact]
    public async Task List_PastItsEnd_IsServed_ButNotCached()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var rig = await GatewayRig.StartAsync(time);
        Offer(rig, 7);
        await rig.AdvanceUntilAsync(() => rig.Logs.Count(2050) > 0, TimeSpan.FromSeconds(1), "the list is served");
        time.Advance(TimeSpan.FromHours(2));

        using var answer = await rig.SendAsync(HttpMethod.Get, "/crl", client: rig.Http);
        Assert.Equal((HttpStatusCode.OK, "public, max-age=0"), (answer.StatusCode, Header(answer, "Cache-Control")));
    }

    [Fact]
    public async Task OwnCertificate_OnTheList_IsReplaced()
    {
        await using var rig = await GatewayRig.StartAsync();
        using (await rig.SendAsync(HttpMethod.Get, "/health")) Assert.Equal(1, rig.Plane.TlsCalls);
        var serial = rig.Shown[0].SerialNumberBytes.ToArray();

        Offer(rig, 7, serial);
        await GatewayRig.UntilAsync(() => rig.Plane.TlsCalls == 2, "a new TLS certificate is asked for");

        await GatewayRig.UntilAsync(() => rig.Logs.Count(2031) == 2, "the new TLS certificate is shown");
        using var client = rig.Client(rig.App.Https.Port, Origin);
        using var again = await rig.SendAsync(HttpMethod.Get, "/health", client: client);
        Assert.NotEqual(serial, rig.Shown[0].SerialNumberBytes.ToArray());
    }

    private static byte[] Offer(GatewayRig rig, long number, params byte[][] serials)
    {
        var der = Make(rig.Time, rig.Plane.Issuing.Intermediate!, number, serials);
        rig.Plane.Crls = [Message("ca", number, der)];
        return der;
    }

    private static byte[] Make(TimeProvider time, X509Certificate2 issuer, long number, params byte[][] serials)
    {
        var builder = new CertificateRevocationListBuilder();
        var now = time.GetUtcNow();
        foreach (var serial in serials) builder.AddEntry(serial, now, X509RevocationReason.Superseded);
        return builder.Build(issuer, new BigInteger(number), now.AddHours(1), HashAlgorithmName.SHA256, thisUpdate: now.AddMinutes(-1));
    }

    private static Crl Message(string id, long number, byte[] der) => new()
    {
        Name = "crls/" + id,
        Number = number,
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(der)),
        Der = ByteString.CopyFrom(der),
    };

    private static async Task<byte[]> BytesAsync(GatewayRig rig, string path)
    {
        using var answer = await rig.SendAsync(HttpMethod.Get, path, client: rig.Http);
        return await answer.Content.ReadAsByteArrayAsync(Stop);
    }

    private static async Task UntilServedAsync(GatewayRig rig, string path, byte[] expected)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!(await BytesAsync(rig, path)).AsSpan().SequenceEqual(expected)) await Task.Delay(20, bound.Token);
    }

    private static async Task<HttpResponseMessage> UntilOkAsync(GatewayRig rig, string path, HttpClient client)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var answer = await rig.SendAsync(HttpMethod.Get, path, client: client);
            if (answer.StatusCode == HttpStatusCode.OK) return answer;
            answer.Dispose();
            await Task.Delay(20, bound.Token);
        }
    }

    private static async Task<HttpResponseMessage> ConditionalAsync(GatewayRig rig, HttpClient client, string path, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = client.DefaultRequestVersion, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.True(request.Headers.TryAddWithoutValidation(header, value));
        return await client.SendAsync(request, Stop);
    }
}

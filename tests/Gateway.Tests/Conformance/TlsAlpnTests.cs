using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist Z10: tls-alpn-01 (RFC 8737, RFC 8738), with a real TLS server.</summary>
public sealed class TlsAlpnTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private const string AcmeIdentifier = "1.3.6.1.5.5.7.1.31";
    private static int provisioners;

    private House House => shared.House;

    [Theory]
    [InlineData("right", "valid", "")]
    [InlineData("not critical", "invalid", "incorrectResponse")]
    [InlineData("draft identifier", "invalid", "incorrectResponse")]
    [InlineData("two names", "invalid", "incorrectResponse")]
    [InlineData("other name", "invalid", "incorrectResponse")]
    [InlineData("other digest", "invalid", "incorrectResponse")]
    [InlineData("not self-signed", "invalid", "incorrectResponse")]
    [InlineData("other protocol", "invalid", "tls")]
    [InlineData("nobody there", "invalid", "connection")]
    public async Task Z10_TheCertificate_DecidesAsTheRfcSays(string what, string status, string type)
    {
        using var early = Certificate("early.test", new byte[32], "right");
        await using var server = new AlpnServer(early) { Protocols = what == "other protocol" ? ["h2"] : [AlpnServer.AcmeTls] };
        var port = what == "nobody there" ? FreePorts.Next() : server.Port;
        var provisioner = await ProvisionerAsync(port);
        var client = await House.AccountAsync(provisioner);
        var name = $"z10-{what.Replace(' ', '-')}.test";
        var (authorization, challenge) = await ChallengeAsync(client, name);
        using var certificate = Certificate(name, DnsProof.Digest(client, challenge["token"]!.GetValue<string>()), what);
        server.Certificate = certificate;

        (await client.PostAsync(challenge["url"]!.GetValue<string>(), "{}")).MustBe(200);
        var done = await client.UntilAsync(authorization, a => a.Text("status") != "pending");

        Assert.True(done.Text("status") == status, done.ToString());
        if (what != "nobody there") Assert.Equal(name, server.Names.First());
        if (type.Length > 0) Assert.Equal($"urn:ietf:params:acme:error:{type}", AcmeClient.ChallengeOf(done, "tls-alpn-01")["error"]!["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task Z10_AnAddress_IsAskedForByItsReverseName()
    {
        using var early = Certificate("early.test", new byte[32], "right");
        await using var server = new AlpnServer(early);
        var provisioner = await ProvisionerAsync(server.Port, "ip:127.0.0.0/8");
        var client = await House.AccountAsync(provisioner);
        var (authorization, challenge) = await ChallengeAsync(client, "127.0.0.1");
        using var certificate = Certificate("127.0.0.1", DnsProof.Digest(client, challenge["token"]!.GetValue<string>()), "right");
        server.Certificate = certificate;

        (await client.PostAsync(challenge["url"]!.GetValue<string>(), "{}")).MustBe(200);
        var done = await client.UntilAsync(authorization, a => a.Text("status") != "pending");

        Assert.True(done.Text("status") == "valid", done.ToString());
        Assert.Equal("1.0.0.127.in-addr.arpa", server.Names.First());
    }

    private async Task<string> ProvisionerAsync(int port, string allow = "subtree:test")
    {
        var id = $"alpn-{Interlocked.Increment(ref provisioners)}";
        await House.AddProvisionerAsync(id, new AcmeProvisioner { Challenges = { "tls-alpn-01" }, TlsAlpn01Port = port }, allow);
        return id;
    }

    private static async Task<(string Authorization, System.Text.Json.Nodes.JsonObject Challenge)> ChallengeAsync(AcmeClient client, string name)
    {
        var url = (await client.OrderAsync(name)).MustBe(201).Texts("authorizations")[0];
        return (url, AcmeClient.ChallengeOf((await client.FetchAsync(url)).MustBe(200), "tls-alpn-01"));
    }

    private static X509Certificate2 Certificate(string name, byte[] digest, string what)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=challenge", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (System.Net.IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
        else names.AddDnsName(what == "other name" ? "other.test" : name);
        if (what == "two names") names.AddDnsName("second.test");
        request.CertificateExtensions.Add(names.Build());
        var octets = new AsnWriter(AsnEncodingRules.DER);
        octets.WriteOctetString(what == "other digest" ? new byte[32] : digest);
        request.CertificateExtensions.Add(new X509Extension(what == "draft identifier" ? "1.3.6.1.5.5.7.1.30.1" : AcmeIdentifier, octets.Encode(), critical: what != "not critical"));
        var (from, to) = (new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2000, 1, 8, 0, 0, 0, TimeSpan.Zero));
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = what == "not self-signed" ? request.Create(new X500DistinguishedName("CN=somebody"), X509SignatureGenerator.CreateForECDsa(signer), from, to, [1]) : null;
        using var made = bare?.CopyWithPrivateKey(key) ?? request.CreateSelfSigned(from, to);
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}

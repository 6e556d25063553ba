using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Acme.Challenges.TlsAlpn01;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.TlsAlpn01;

public sealed class TlsAlpn01ValidatorTests : IAsyncDisposable
{
    private readonly DnsRig rig = new();

    public TlsAlpn01ValidatorTests() => rig.Dns.A("nas.test", "127.0.0.1");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public async Task RightCertificate_Proves_AndTheConnectionCloses()
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right("nas.test"));

        var outcome = await RunAsync(server);

        Assert.Null(outcome.Fault);
        Assert.Equal($"127.0.0.1:{server.Port}", outcome.AddressDialled);
        Assert.Equal(["127.0.0.1"], outcome.AddressesResolved);
        Assert.Equal(["nas.test"], server.Names);
        Assert.True(SpinWait.SpinUntil(() => !server.Said.IsEmpty, TimeSpan.FromSeconds(10)));
        Assert.Equal([0], server.Said);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task BothVersionsOfTls_AreSpoken(SslProtocols version)
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right("nas.test")) { Versions = version };

        Assert.Null((await RunAsync(server)).Fault);
    }

    [Fact]
    public async Task RsaCertificateWithEmptySubject_Proves()
    {
        await using var server = new AlpnServer(ChallengeCertificates.MadeWithRsa("nas.test"));

        Assert.Null((await RunAsync(server)).Fault);
    }

    [Fact]
    public async Task NameInCapitals_IsTheSameName()
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right("NAS.Test"));

        Assert.Null((await RunAsync(server)).Fault);
    }

    [Theory]
    [InlineData("127.0.0.1", "1.0.0.127.in-addr.arpa")]
    [InlineData("::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa")]
    public async Task Address_IsAskedForByItsReverseName(string address, string serverName)
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right(address), address);

        Assert.Null((await RunAsync(server, Identifier.ParseIp(address))).Fault);
        Assert.Equal([serverName], server.Names);
    }

    [Theory]
    [InlineData("100.64.1.9", "9.1.64.100.in-addr.arpa")]
    [InlineData("2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")]
    public void ReverseName_IsTheRfcs(string address, string expected) => Assert.Equal(expected, ReverseName.ServerNameOf(Identifier.ParseIp(address)));

    public static TheoryData<string, string> WrongCertificates => new()
    {
        { "draft OID", "has the acmeIdentifier extension of an early draft (1.3.6.1.5.5.7.1.30.1)" },
        { "no OID", "has no acmeIdentifier extension" },
        { "not critical", "has an acmeIdentifier extension that is not critical" },
        { "other digest", "which is not the digest of the key authorization" },
        { "short digest", "has an acmeIdentifier of 31 bytes" },
        { "empty digest", "has an acmeIdentifier of 0 bytes" },
        { "bare digest", "cannot be read" },
        { "two octet strings", "has an acmeIdentifier extension with more than one OCTET STRING" },
        { "trailing byte", "has an acmeIdentifier extension with more than one OCTET STRING" },
        { "no names", "has no subjectAltName" },
        { "two names", "has more than one subjectAltName" },
        { "the name twice", "has more than one subjectAltName" },
        { "a name and an address", "has more than one subjectAltName" },
        { "a name and a mail address", "has more than one subjectAltName" },
        { "other name", "has the dNSName \"other.test\", not nas.test" },
        { "longer name", "has the dNSName \"www.nas.test\"" },
        { "wildcard", "has the dNSName \"*.test\"" },
        { "an address", "has a subjectAltName that is no dNSName" },
        { "a URL", "has a subjectAltName that is no dNSName" },
        { "common name alone", "has no subjectAltName" },
        { "empty names", "has an empty subjectAltName" },
        { "another issuer", "is not self-signed: its issuer is not its subject" },
        { "another's signature", "is not self-signed: its signature does not verify" },
    };

    [Theory]
    [MemberData(nameof(WrongCertificates))]
    public async Task WrongCertificate_IsRefused_WithItsFault(string wrong, string why)
    {
        await using var server = new AlpnServer(Wrong(wrong));

        var fault = (await RunAsync(server)).Fault!;

        Assert.Equal(RefusalReason.IncorrectResponse, fault.Reason);
        Assert.Contains(why, fault.Detail, StringComparison.Ordinal);
        Assert.StartsWith($"the certificate of 127.0.0.1:{server.Port} for nas.test ", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddressCertificateForAnotherAddress_IsRefused()
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right("127.0.0.2"));

        Assert.Contains("has the iPAddress 127.0.0.2, not 127.0.0.1", (await RunAsync(server, Identifier.ParseIp("127.0.0.1"))).Fault!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddressWrittenAsName_IsRefused()
    {
        var builder = new SubjectAlternativeNameBuilder();
        builder.AddDnsName("127.0.0.1");
        await using var server = new AlpnServer(ChallengeCertificates.With(builder.Build(), ChallengeCertificates.Acme()));

        Assert.Contains("is no iPAddress", (await RunAsync(server, Identifier.ParseIp("127.0.0.1"))).Fault!.Detail, StringComparison.Ordinal);
    }

    // Boulder, 2022-01-25: TLS 1.1 and a protocol other than acme-tls/1 were taken.
    [Fact]
    public async Task OldTls_IsRefused()
    {
#pragma warning disable SYSLIB0039, CA5397 // What the test is about.
        await using var server = new AlpnServer(ChallengeCertificates.Right("nas.test")) { Versions = SslProtocols.Tls | SslProtocols.Tls11 };
#pragma warning restore SYSLIB0039, CA5397

        Assert.Equal(RefusalReason.Tls, (await RunAsync(server)).Fault!.Reason);
    }

    [Theory]
    [InlineData("h2")]
    [InlineData("acme-tls/2")]
    [InlineData("ACME-TLS/1")]
    [InlineData("")]
    public async Task OtherProtocol_OrNone_IsRefused(string protocol)
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right("nas.test")) { Protocols = protocol.Length == 0 ? [] : [protocol] };

        var fault = (await RunAsync(server)).Fault!;

        Assert.Equal(RefusalReason.Tls, fault.Reason);
        Assert.Contains("nas.test", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcmeProtocolAmongOthers_IsAgreed()
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right("nas.test")) { Protocols = ["h2", "http/1.1", AlpnServer.AcmeTls] };

        Assert.Null((await RunAsync(server)).Fault);
    }

    [Fact]
    public async Task SecondAttempt_SeesTheCertificateOfNow()
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right("nas.test"));
        Assert.Null((await RunAsync(server)).Fault);
        server.Certificate = Wrong("other digest");

        Assert.Equal(RefusalReason.IncorrectResponse, (await RunAsync(server)).Fault!.Reason);
    }

    [Fact]
    public async Task NoServer_IsAConnectionFault()
    {
        var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Dispose();

        Assert.Equal(RefusalReason.Connection, (await RunAsync(port, Identifier.ParseDns("nas.test"))).Fault!.Reason);
    }

    [Fact]
    public async Task PlainHttpServer_IsATlsFault()
    {
        await using var server = RawServer.Start((stream, _, stop) => RawServer.SayAsync(stream, RawServer.Ok("hello"), stop));

        Assert.Equal(RefusalReason.Tls, (await RunAsync(server.Port, Identifier.ParseDns("nas.test"), TimeSpan.FromSeconds(2))).Fault!.Reason);
    }

    [Fact]
    public async Task SilentServer_IsATlsFault_WithinTheTime()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        var fault = (await RunAsync(((IPEndPoint)silent.LocalEndpoint).Port, Identifier.ParseDns("nas.test"), TimeSpan.FromMilliseconds(300))).Fault!;

        Assert.Equal(RefusalReason.Tls, fault.Reason);
        Assert.Contains("timed out after 0.3 s", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ForbiddenAddress_IsNotDialled()
    {
        await using var server = new AlpnServer(ChallengeCertificates.Right("nas.test"));

        var fault = (await RunAsync(server.Port, Identifier.ParseDns("nas.test"), ranges: Validation.Networks("100.64.0.0/10"))).Fault!;

        Assert.Equal(RefusalReason.Connection, fault.Reason);
        Assert.False(fault.MayRetry);
        Assert.Empty(server.Names);
    }

    [Fact]
    public async Task UnknownName_IsADnsFault() =>
        Assert.Equal(RefusalReason.Dns, (await RunAsync(443, Identifier.ParseDns("none.test"))).Fault!.Reason);

    [Fact]
    public void MutilatedCertificate_IsNeverTaken_AndNeverCrashes()
    {
        using var right = ChallengeCertificates.Right("nas.test");
        var name = Identifier.ParseDns("nas.test");
        Assert.Null(ChallengeCertificate.WhyRefused(right.RawData, name, ChallengeCertificates.Digest));
        for (var i = 0; i < right.RawData.Length; i++)
        {
            Assert.NotNull(ChallengeCertificate.WhyRefused(right.RawData[..i], name, ChallengeCertificates.Digest));
            foreach (var bit in (byte[])[1, 0x20, 0x80])
            {
                var flipped = right.RawData.ToArray();
                flipped[i] ^= bit;
                Assert.NotNull(ChallengeCertificate.WhyRefused(flipped, name, ChallengeCertificates.Digest));
            }
        }
        Assert.NotNull(ChallengeCertificate.WhyRefused([.. right.RawData, 0], name, ChallengeCertificates.Digest));
    }

    private static X509Certificate2 Wrong(string how)
    {
        var (name, acme, digest) = (ChallengeCertificates.Names("nas.test"), ChallengeCertificates.Acme(), ChallengeCertificates.Digest);
        X509Extension Raw(byte[] value) => new(ChallengeCertificates.AcmeIdentifier, value, critical: true);
        return how switch
        {
            "draft OID" => ChallengeCertificates.With(name, ChallengeCertificates.Acme(oid: ChallengeCertificates.DraftIdentifier)),
            "no OID" => ChallengeCertificates.With(name),
            "not critical" => ChallengeCertificates.With(name, ChallengeCertificates.Acme(critical: false)),
            "other digest" => ChallengeCertificates.With(name, ChallengeCertificates.Acme(new byte[32])),
            "short digest" => ChallengeCertificates.With(name, ChallengeCertificates.Acme(digest[..31])),
            "empty digest" => ChallengeCertificates.With(name, ChallengeCertificates.Acme([])),
            "bare digest" => ChallengeCertificates.With(name, Raw(digest)),
            "two octet strings" => ChallengeCertificates.With(name, Raw([.. ChallengeCertificates.OctetString(digest), .. ChallengeCertificates.OctetString(digest)])),
            "trailing byte" => ChallengeCertificates.With(name, Raw([.. ChallengeCertificates.OctetString(digest), 0])),
            "no names" => ChallengeCertificates.With(acme),
            "two names" => ChallengeCertificates.With(ChallengeCertificates.Names("nas.test", "other.test"), acme),
            "the name twice" => ChallengeCertificates.With(ChallengeCertificates.Names("nas.test", "nas.test"), acme),
            "a name and an address" => ChallengeCertificates.With(ChallengeCertificates.Names("nas.test", "127.0.0.1"), acme),
            "a name and a mail address" => ChallengeCertificates.With(ChallengeCertificates.Names("nas.test", "root@nas.test"), acme),
            "other name" => ChallengeCertificates.Right("other.test"),
            "longer name" => ChallengeCertificates.Right("www.nas.test"),
            "wildcard" => ChallengeCertificates.Right("*.test"),
            "an address" => ChallengeCertificates.Right("127.0.0.1"),
            "a URL" => ChallengeCertificates.Right("https://nas.test/"),
            "common name alone" => ChallengeCertificates.With(acme),
            "empty names" => ChallengeCertificates.With(new X509Extension("2.5.29.17", [0x30, 0], false), acme),
            "another issuer" => ChallengeCertificates.SignedByAnother("nas.test", "CN=somebody"),
            _ => ChallengeCertificates.SignedByAnother("nas.test", "CN=challenge"),
        };
    }

    private Task<ChallengeOutcome> RunAsync(AlpnServer server, Identifier? name = null) => RunAsync(server.Port, name ?? Identifier.ParseDns("nas.test"));

    private async Task<ChallengeOutcome> RunAsync(int port, Identifier name, TimeSpan? timeout = null, ImmutableArray<IPNetwork>? ranges = null)
    {
        var resolver = new ValidationResolver(new NameServers(rig.Options), rig.Options, TimeProvider.System);
        var validator = new TlsAlpn01Validator(new ValidationDialer(resolver, rig.Options, TimeProvider.System), TimeProvider.System);
        var bounds = new ValidationBounds(80, port, ranges ?? Validation.Networks("127.0.0.0/8", "::1/128"), timeout ?? TimeSpan.FromSeconds(10)) { Resolvers = [rig.Dns.Endpoint] };
        return await validator.ValidateAsync(new ChallengeTask(name, DnsRig.Token, DnsRig.KeyAuthorization, bounds), Stop);
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.TestKit.Signing;

namespace GrpcCa.ControlPlane.Tests.Issuance;

public sealed class IssuanceCorridorTests : IAsyncLifetime
{
    private CorridorHouse house = null!;

    public static TheoryData<string> Roles => [.. Enum.GetNames<CertificateRole>()];

    public async ValueTask InitializeAsync() => house = await CorridorHouse.OpenAsync();

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Theory]
    [MemberData(nameof(Roles))]
    public async Task IssueAsync_EveryRole_IsPlannedSignedAuditedAndClosed(string role)
    {
        var spec = house.Scene.Spec(Enum.Parse<CertificateRole>(role));
        var issued = await house.IssueAsync(spec, "things/1");

        var plan = Assert.Single(await house.PlansAsync());
        Assert.Equal((issued.Serial.Hex, "issued", spec.Kind.ToString(), role, "things/1", spec.Issuer.Name, "a"),
            (plan.Serial, plan.Outcome, plan.Kind, plan.Role, plan.Purpose, plan.Issuer, plan.Replica));
        Assert.Equal(issued.Der, Assert.Single(await house.CertificatesAsync()).Der);
        Assert.Equal(issued.Sha256Hex, Convert.ToHexStringLower(SHA256.HashData(issued.Der)));
        Assert.Equal(spec.Issuer.Key.ToString(), Assert.Single(house.Signatures.Notes).Key);
        await house.CheckInvariantsAsync();
    }

    [Theory]
    [InlineData("EcP256", "EcP256")]
    [InlineData("EcP384", "EcP256")]
    [InlineData("Rsa2048", "EcP384")]
    [InlineData("EcP256", "Rsa3072")]
    public async Task IssueAsync_WholeHierarchy_OpensslVerifiesStrictly(string rootKind, string issuerKind)
    {
        var (root, issuer, leaf) = await HierarchyAsync(Enum.Parse<KeyAlgorithm>(rootKind), Enum.Parse<KeyAlgorithm>(issuerKind));

        await VerifyAsync(root, issuer, leaf, "-verify_hostname", "nas.net.gq", "-purpose", "sslserver");
        await VerifyAsync(root, issuer, leaf, "-verify_ip", "100.64.0.7", "-purpose", "sslclient");
        await house.CheckInvariantsAsync();
    }

    [Theory]
    [InlineData("IdentityLeaf", "sslclient")]
    [InlineData("ServerIdentity", "sslserver")]
    public async Task IssueAsync_IdentityBelowItsRoot_OpensslVerifiesStrictly(string role, string purpose)
    {
        var root = await house.IssueAsync(house.Scene.Spec(CertificateRole.IdentityRoot));
        var identity = house.Scene.Spec(Enum.Parse<CertificateRole>(role));
        var issued = await house.IssueAsync(identity with { Issuer = identity.Issuer with { CertificateDer = root.Der } });

        await VerifyAsync(root.Der, null, issued.Der, "-purpose", purpose);
    }

    [Theory]
    [InlineData(24 * 3600, 60)]
    [InlineData(300, 60)]
    [InlineData(90 * 24 * 3600, 0)]
    public async Task IssueAsync_LifetimeAndBackdate_AreKeptToTheSecond(int lifetime, int backdate)
    {
        // A moment with a fraction, as clocks give them.
        var now = Scene.Now.AddTicks(1234567);
        var issued = await house.IssueAsync(house.Scene.Spec(CertificateRole.Leaf) with
        {
            NotBefore = now.AddSeconds(-backdate),
            NotAfter = now.AddSeconds(lifetime - 1),
        });

        using var certificate = X509CertificateLoader.LoadCertificate(issued.Der);
        Assert.Equal(TimeSpan.FromSeconds(backdate + lifetime), certificate.NotAfter - certificate.NotBefore + TimeSpan.FromSeconds(1));
        Assert.Equal(Scene.Now.AddSeconds(-backdate), new DateTimeOffset(certificate.NotBefore));
    }

    [Fact]
    public async Task IssueAsync_AcrossTheYear2050_WritesBothForms()
    {
        var spec = house.Scene.Spec(CertificateRole.Root) with { NotAfter = new DateTimeOffset(2050, 1, 1, 0, 0, 0, TimeSpan.Zero) };

        using var certificate = X509CertificateLoader.LoadCertificate((await house.IssueAsync(spec)).Der);
        Assert.Equal(spec.NotAfter, new DateTimeOffset(certificate.NotAfter));
    }

    [Fact]
    public async Task IssueAsync_LeafWithCommonName_HasAnOrdinarySanBesideIt()
    {
        var issued = await house.IssueAsync(house.Scene.Spec(CertificateRole.Leaf) with { SubjectCommonName = "nas.net.gq" });

        using var certificate = X509CertificateLoader.LoadCertificate(issued.Der);
        Assert.Equal("CN=nas.net.gq", certificate.Subject);
        Assert.False(certificate.Extensions["2.5.29.17"]!.Critical);
    }

    [Fact]
    public async Task IssueAsync_HundredAtOnce_HasHundredSerialsAndPlans()
    {
        var spec = house.Scene.Spec(CertificateRole.Leaf);
        var corridor = house.Corridor();
        var issued = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() =>
            corridor.IssueAsync(CorridorHouse.PermitFor(spec), spec, house.Context($"orders/{i}"), CancellationToken.None))));

        Assert.Equal(100, issued.Select(certificate => certificate.Serial).Distinct().Count());
        Assert.Equal(100, (await house.CertificatesAsync()).Count);
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task IssueAsync_Serials_ArePositiveAndRandomInEveryBit()
    {
        var bits = new int[128];
        const int Many = 4000;
        for (var i = 0; i < Many; i++)
        {
            var octets = SerialNumber.New().Bytes.ToArray();
            Assert.InRange(octets.Length, 9, 20);
            Assert.True(octets[0] < 0x80 && octets.Any(octet => octet != 0));
            var value = Convert.FromHexString(Convert.ToHexString(octets).PadLeft(34, '0'))[1..];
            for (var bit = 0; bit < 128; bit++) bits[bit] += (value[bit / 8] >> (7 - (bit % 8))) & 1;
        }
        // Half of 4,000 with six standard deviations; the first octet is never zero, which shifts its bits a little.
        Assert.All(bits, count => Assert.InRange(count, 1800, 2200));
        var issued = await house.IssueAsync(house.Scene.Spec(CertificateRole.Leaf));
        using var certificate = X509CertificateLoader.LoadCertificate(issued.Der);
        Assert.Equal(issued.Serial.Hex, certificate.SerialNumber.ToLowerInvariant().TrimStart('0').PadLeft(32, '0'));
    }

    [Fact]
    public async Task IssueAsync_PlannedHook_RunsInThePlansTransaction()
    {
        var spec = house.Scene.Spec(CertificateRole.Leaf);
        SerialNumber? noted = null;
        var issued = await house.Corridor().IssueAsync(CorridorHouse.PermitFor(spec), spec, house.Context() with
        {
            OnPlanned = async (session, serial) =>
            {
                noted = serial;
                Assert.NotNull(await IssuancePlanStore.FindAsync(session, serial));
            },
        }, CancellationToken.None);

        Assert.Equal(issued.Serial, noted);
    }

    private async Task<(byte[] Root, byte[] Issuer, byte[] Leaf)> HierarchyAsync(KeyAlgorithm rootKind, KeyAlgorithm issuerKind)
    {
        var rootKey = await house.Desk.GenerateAsync("file", rootKind, "made-root", CancellationToken.None);
        var issuerKey = await house.Desk.GenerateAsync("file", issuerKind, "made-issuer", CancellationToken.None);
        var root = await house.IssueAsync(house.Scene.Spec(CertificateRole.Root) with
        {
            Issuer = new("authorities/main", rootKey, null),
            Key = await PublicAsync(rootKey),
        });
        var issuer = await house.IssueAsync(house.Scene.Spec(CertificateRole.Intermediate) with
        {
            Issuer = new("authorities/main", rootKey, root.Der),
            Key = await PublicAsync(issuerKey),
        });
        using var leafKey = RSA.Create(2048);
        var leaf = await house.IssueAsync(house.Scene.Spec(CertificateRole.Leaf) with
        {
            Issuer = new("authorities/main/issuers/1", issuerKey, issuer.Der) { AboveDer = [root.Der] },
            Key = Scene.PublicOf(leafKey),
        });
        return (root.Der, issuer.Der, leaf.Der);
    }

    private async Task<GrpcCa.ControlPlane.Pki.PublicKey> PublicAsync(KeyUri key) =>
        GrpcCa.ControlPlane.Pki.PublicKey.FromSubjectPublicKeyInfo((await house.Desk.DescribeAsync(key, CancellationToken.None)).SubjectPublicKeyInfo);

    private static async Task VerifyAsync(byte[] root, byte[]? issuer, byte[] leaf, params string[] more)
    {
        var directory = Directory.CreateTempSubdirectory("grpcca-verify-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory, "root.crt"), Pem.Encode(Pem.Certificate, root));
            await File.WriteAllTextAsync(Path.Combine(directory, "leaf.crt"), Pem.Encode(Pem.Certificate, leaf));
            await File.WriteAllTextAsync(Path.Combine(directory, "chain.crt"), issuer is null ? "" : Pem.Encode(Pem.Certificate, issuer));
            string[] chain = issuer is null ? [] : ["-untrusted", Path.Combine(directory, "chain.crt")];
            var (code, output) = await Openssl.RunAsync([
                "verify", "-x509_strict", "-attime", Scene.Now.ToUnixTimeSeconds().ToString(), "-CAfile", Path.Combine(directory, "root.crt"),
                "-no-CAstore", "-no-CApath", .. chain, .. more, Path.Combine(directory, "leaf.crt")]);
            Assert.True(code == 0, output);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist R: revocation (RFC 8555 §7.6).</summary>
public sealed class RevocationTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private House House => shared.House;

    [Fact]
    public async Task R1_IssuingAccount_Revokes()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("r1.test");
        var answer = (await client.RevokeAsync(issued.Leaf.RawData)).MustBe(200);
        Assert.Empty(answer.Body);
        (await client.RevokeAsync(issued.Leaf.RawData)).MustBe(400, "alreadyRevoked");
        (await client.RevokeAsync(issued.Leaf.RawData, signer: AcmeKey.Of(issued.Key))).MustBe(400, "alreadyRevoked");
    }

    [Fact]
    public async Task R1_CertificateKey_Revokes()
    {
        var issued = await (await House.AccountAsync()).IssueAsync("r1-key.test");
        (await House.Client().RevokeAsync(issued.Leaf.RawData, signer: AcmeKey.Of(issued.Key))).MustBe(200);
    }

    [Fact]
    public async Task R1_AccountWithAuthorizationsForAllNames_Revokes()
    {
        var issued = await (await House.AccountAsync()).IssueAsync("r1-all-a.test", "r1-all-b.test");
        var heir = await House.AccountAsync();
        (await heir.RevokeAsync(issued.Leaf.RawData)).MustBe(403, "unauthorized");
        await heir.ReadyOrderAsync("r1-all-a.test");
        (await heir.RevokeAsync(issued.Leaf.RawData)).MustBe(403, "unauthorized", "r1-all-b.test");
        await heir.ReadyOrderAsync("r1-all-b.test");
        (await heir.RevokeAsync(issued.Leaf.RawData)).MustBe(200);
    }

    [Fact]
    public async Task R1_KeyOfAnotherCertificate_IsUnauthorized()
    {
        var client = await House.AccountAsync();
        var a = await client.IssueAsync("r1-a.test");
        var b = await client.IssueAsync("r1-b.test");
        // step-ca #2491: a proof for one certificate is none for another.
        (await client.RevokeAsync(a.Leaf.RawData, signer: AcmeKey.Of(b.Key))).MustBe(403, "unauthorized");
        (await client.RevokeAsync(a.Leaf.RawData, signer: AcmeKey.Es256())).MustBe(403, "unauthorized");
        (await (await House.AccountAsync()).RevokeAsync(a.Leaf.RawData)).MustBe(403, "unauthorized");
        (await client.RevokeAsync(a.Leaf.RawData)).MustBe(200);
    }

    [Fact]
    public async Task R1a_CertificateKeyThatIsAnAccountsKey_RevokesByTheCertificatesRight()
    {
        var issued = await (await House.AccountAsync()).IssueAsync("r1a.test");
        var other = await House.AccountAsync(key: AcmeKey.Of(issued.Key));
        (await other.RevokeAsync(issued.Leaf.RawData)).MustBe(403, "unauthorized");
        (await other.RevokeAsync(issued.Leaf.RawData, signer: other.Key)).MustBe(200);
    }

    [Fact]
    public async Task R2_CertificateThatIsNotOurs_IsMalformed()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("r2.test");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=r2.test", key, HashAlgorithmName.SHA256);
        using var foreign = request.CreateSelfSigned(TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddDays(1));
        using var sameSerial = request.Create(foreign.SubjectName, X509SignatureGenerator.CreateForECDsa(key), TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddDays(1), issued.Leaf.SerialNumberBytes.Span);
        foreach (var der in (byte[][])[foreign.RawData, sameSerial.RawData, issued.Chain[1].RawData, House.Root.RawData])
            (await client.RevokeAsync(der)).MustBe(404, "malformed");
        foreach (var der in (byte[][])[[], [1, 2, 3], issued.Leaf.RawData[..^1], new byte[4000]])
        {
            var answer = await client.RevokeAsync(der);
            Assert.True(answer is { Status: 400 or 404, Problem: "malformed" }, $"{answer}");
        }
    }

    public static TheoryData<string> Payloads =>
        ["{}", """{"certificate":7}""", """{"certificate":null}""", """{"certificate":""}""", """{"certificate":"!"}""", """{"certificate":"-----BEGIN CERTIFICATE-----"}""", """{"certificate":"AAAA=="}"""];

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task R2_CertificateThatIsNoDer_IsMalformed(string payload)
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(await client.UrlAsync("revokeCert"), payload)).MustBe(400, "malformed");
    }

    [Fact]
    public async Task R2_ExpiredCertificate_IsMalformed()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var house = await House.StartAsync(new HouseSettings { Clock = clock });
        var client = await house.AccountAsync();
        var issued = await client.IssueAsync("r2-old.test");
        clock.Advance(TimeSpan.FromHours(24.5));
        (await client.RevokeAsync(issued.Leaf.RawData)).MustBe(400, "malformed", "expired");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("3")]
    [InlineData("4")]
    [InlineData("5")]
    [InlineData("9")]
    [InlineData("null")]
    public async Task R3_GoodReason_IsTaken(string reason)
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("r3.test");
        (await client.PostAsync(await client.UrlAsync("revokeCert"), Payload(issued, reason))).MustBe(200);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("6")]
    [InlineData("7")]
    [InlineData("8")]
    [InlineData("10")]
    [InlineData("11")]
    [InlineData("-1")]
    [InlineData("4294967296")]
    [InlineData("1e400")]
    [InlineData("1.5")]
    [InlineData("\"1\"")]
    [InlineData("true")]
    [InlineData("[]")]
    public async Task R3_OtherReason_IsBadRevocationReasonAndRevokesNothing(string reason)
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("r3-bad.test");
        (await client.PostAsync(await client.UrlAsync("revokeCert"), Payload(issued, reason))).MustBe(400, "badRevocationReason");
        (await client.RevokeAsync(issued.Leaf.RawData)).MustBe(200);
    }

    [Fact]
    public async Task R3_KeyCompromise_BlocksTheKeyOnlyWhenTheKeySigned()
    {
        var client = await House.AccountAsync();
        var byAccount = await client.IssueAsync("r3-account.test");
        (await client.RevokeAsync(byAccount.Leaf.RawData, 1)).MustBe(200);
        (await client.FinalizeAsync(await client.ReadyOrderAsync("r3-account.test"), Csr.Of(byAccount.Key, "r3-account.test"))).MustBe(200);
        var byKey = await client.IssueAsync("r3-key.test");
        (await client.RevokeAsync(byKey.Leaf.RawData, 1, AcmeKey.Of(byKey.Key))).MustBe(200);
        (await client.FinalizeAsync(await client.ReadyOrderAsync("r3-key.test"), Csr.Of(byKey.Key, "r3-key.test"))).MustBe(400, "badPublicKey");
    }

    [Fact]
    public async Task R4_Revocation_IsEffectiveAtOnceInTheApi()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("r4.test");
        (await client.RevokeAsync(issued.Leaf.RawData, 4)).MustBe(200);
        var certificate = await new V1.CertificateService.CertificateServiceClient(House.Admin())
            .GetCertificateAsync(new V1.GetCertificateRequest { Name = $"certificates/{issued.Leaf.SerialNumber.ToLowerInvariant()}" });
        Assert.NotNull(certificate.RevokeTime);
    }

    [Fact]
    public async Task R_FiftyRevocationsAtOnce_AreOne()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("r-fifty.test");
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.RevokeAsync(issued.Leaf.RawData)));
        Assert.Single(answers, a => a.Status == 200);
        Assert.All(answers.Where(a => a.Status != 200), a => a.MustBe(400, "alreadyRevoked"));
    }

    private static string Payload(IssuedCertificate issued, string reason) =>
        $$"""{"certificate":"{{Base64Url.EncodeToString(issued.Leaf.RawData)}}","reason":{{reason}}}""";
}

using Grpc.Core;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.ControlPlane.Tests.Crls;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Revocation;

/// <summary>Revoking many certificates at once, over the wire.</summary>
public sealed class BatchRevokeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Preview_ThenBatch_RevokesWhatWasSeen()
    {
        await using var house = await House.StartAsync();
        var first = await house.AccountAsync();
        foreach (var name in new[] { "a.test", "b.test", "c.test" }) await first.IssueAsync(name);
        await (await house.AccountAsync("nixos")).IssueAsync("other.test");
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        var request = new BatchRevokeCertificatesRequest
        {
            Selector = new() { Provisioner = "provisioners/acme" }, Reason = RevocationReason.CessationOfOperation, SampleSize = 2, RequestId = "batch",
        };

        var preview = await certificates.BatchRevokeCertificatesAsync(new(request) { ValidateOnly = true });
        var valid = await ValidAsync(certificates);
        var moved = await Assert.ThrowsAsync<RpcException>(async () => await certificates.BatchRevokeCertificatesAsync(new(request) { ExpectedCount = 2, RequestId = "" }));
        var validStill = await ValidAsync(certificates);
        var done = await certificates.BatchRevokeCertificatesAsync(new(request) { ExpectedCount = preview.MatchedCount });
        var again = await certificates.BatchRevokeCertificatesAsync(new(request) { ExpectedCount = preview.MatchedCount });
        var nothing = await certificates.BatchRevokeCertificatesAsync(new(request) { RequestId = "" });

        Assert.Equal((3, 0, 2), (preview.MatchedCount, preview.RevokedCount, preview.Certificates.Count));
        Assert.Equal((StatusCode.Aborted, "expected_count"), (moved.StatusCode, Assert.Single(moved.Fields())));
        Assert.Equal((5, 5), (valid, validStill));
        Assert.Equal((3, 3), (done.MatchedCount, done.RevokedCount));
        Assert.Equal(done, again);
        Assert.Equal((0, 0), (nothing.MatchedCount, nothing.RevokedCount));
        var revoked = (await certificates.ListCertificatesAsync(new() { Filter = "state = REVOKED" })).Certificates;
        Assert.All(revoked, c => Assert.Equal(RevocationReason.CessationOfOperation, c.RevocationReason));
        Assert.Equal(3, revoked.Count);
        var audit = (await new AuditService.AuditServiceClient(house.Admin()).ListAuditEventsAsync(new() { PageSize = 1000 })).AuditEvents;
        Assert.Equal(revoked.Select(c => c.Name).Order(StringComparer.Ordinal), audit.Where(e => e.Action == "certificate.revoke").Select(e => e.Resource).Order(StringComparer.Ordinal));
        Assert.Contains(audit, e => e.Action == "certificate.batchRevoke" && e.CanonicalJson.Contains("\"revoked\":\"3\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Selectors_TakeWhatTheySay_AndCompromiseBlocksTheKeys()
    {
        await using var house = await House.StartAsync();
        var account = await house.AccountAsync();
        foreach (var name in new[] { "a.test", "b.test", "c.test", "d.test" }) await account.IssueAsync(name);
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        async Task<long> CountAsync(CertificateSelector selector) => (await certificates.BatchRevokeCertificatesAsync(new() { Selector = selector, ValidateOnly = true })).MatchedCount;
        var all = (await certificates.ListCertificatesAsync(new() { Filter = "provisioner = \"provisioners/acme\"" })).Certificates;
        var (a, b) = (all.Single(c => c.Identifiers[0] == "dns:a.test"), all.Single(c => c.Identifiers[0] == "dns:b.test"));

        Assert.Equal(1, await CountAsync(new() { Identifier = "dns:a.test" }));
        Assert.Equal(4, await CountAsync(new() { Account = a.Account }));
        Assert.Equal(1, await CountAsync(new() { PublicKeySha256 = a.PublicKeySha256 }));
        Assert.Equal(4, await CountAsync(new() { Gateway = "gateways/one", Provisioner = "provisioners/acme" }));
        Assert.Equal(5, await CountAsync(new() { Authority = "authorities/main" }));
        Assert.Equal(2, await CountAsync(new() { Certificates = { a.Name, b.Name, a.Name } }));
        Assert.Equal(0, await CountAsync(new() { Certificates = { a.Name }, Provisioner = "provisioners/nixos" }));
        Assert.Equal(0, await CountAsync(new() { IssuedFrom = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddHours(1)) }));

        var done = await certificates.BatchRevokeCertificatesAsync(new() { Selector = new() { Certificates = { a.Name, b.Name } }, Reason = RevocationReason.KeyCompromise });

        Assert.Equal(2, done.RevokedCount);
        foreach (var key in new[] { a, b }.Select(c => Convert.FromHexString(c.PublicKeySha256)))
            Assert.True(await house.Store.ReadAsync(session => CertificateStore.IsKeyBlockedAsync(session, key), Stop));
    }

    [Theory]
    [InlineData("selector", "")]
    [InlineData("selector.certificates", "certificates/00ff")]
    [InlineData("selector.certificates[0]", "certificates/xyz")]
    [InlineData("selector.certificates", "certificates/00ff gateways/one")]
    public async Task Selector_ThatIsWrong_NamesTheField(string field, string parts)
    {
        await using var house = await House.StartAsync();
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        var selector = new CertificateSelector { Certificates = { parts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(p => p[0] == 'c') } };
        if (parts.Contains("gateways", StringComparison.Ordinal)) selector.Gateway = "gateways/one";

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await certificates.BatchRevokeCertificatesAsync(new() { Selector = selector, ValidateOnly = true }));

        Assert.Equal(field, Assert.Single(fault.Fields()));
        Assert.Equal(parts == "certificates/00ff" ? StatusCode.NotFound : StatusCode.InvalidArgument, fault.StatusCode);
    }

    [Fact]
    public async Task Batch_OfThousands_RevokesThemAll()
    {
        // Rows without plans.
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        await (await house.AccountAsync()).IssueAsync("a.test");
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        var issuer = (await certificates.ListCertificatesAsync(new() { Filter = "identifier = \"dns:a.test\"" })).Certificates[0].Issuer;
        await LongListTests.InsertAsync(house.Store, issuer, 3000, TimeProvider.System.GetUtcNow());
        await house.Store.WriteAsync(session => session.Sql("update certificates set revoked_at = null, revocation_reason = null, gateway_id = 'lost' where der = zeroblob(700)").ExecuteAsync(), Stop);

        var done = await certificates.BatchRevokeCertificatesAsync(new() { Selector = new() { Gateway = "gateways/lost" }, Reason = RevocationReason.Superseded, ExpectedCount = 3000 });

        Assert.Equal((3000, 3000, 20), (done.MatchedCount, done.RevokedCount, done.Certificates.Count));
        Assert.Equal(3000, await house.Store.ReadAsync(session => session.Sql("select count(*) from certificates where revoked_at is not null").NumberAsync(), Stop));
    }

    private static async Task<int> ValidAsync(CertificateService.CertificateServiceClient certificates) =>
        (await certificates.ListCertificatesAsync(new() { Filter = "state = VALID" })).Certificates.Count;
}

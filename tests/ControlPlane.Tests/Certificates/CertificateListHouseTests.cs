using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Certificates;

/// <summary>Lists of certificates over the wire.</summary>
public sealed class CertificateListHouseTests
{
    [Fact]
    public async Task EveryFieldOfACertificate_FindsIt()
    {
        await using var house = await House.StartAsync();
        await (await house.AccountAsync()).IssueAsync("nas.test");
        await (await house.AccountAsync("nixos")).IssueAsync("other.test");
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        async Task<IEnumerable<string>> NamesAsync(string filter) => (await certificates.ListCertificatesAsync(new() { Filter = filter })).Certificates.Select(c => c.Name);

        var one = Assert.Single((await certificates.ListCertificatesAsync(new() { Filter = "identifier = \"dns:nas.test\"" })).Certificates);

        Assert.Equal([one.Name], await NamesAsync($"serial = {one.Name.Split('/')[1]}"));
        Assert.Equal([one.Name], await NamesAsync($"account = \"{one.Account}\""));
        Assert.Equal([one.Name], await NamesAsync($"order = \"{one.Order}\""));
        Assert.Equal([one.Name], await NamesAsync($"provisioner = \"{one.Provisioner}\""));
        Assert.Equal([one.Name], await NamesAsync($"profile = \"{one.Profile}\" AND gateway = \"{one.Gateway}\" AND provisioner = \"provisioners/acme\""));
        Assert.Equal([one.Name], await NamesAsync($"public_key_sha256 = {one.PublicKeySha256}"));
        Assert.Equal([one.Name], await NamesAsync($"issuer = \"{one.Issuer}\" AND authority = \"authorities/main\" AND account = \"{one.Account}\""));
        Assert.Empty(await NamesAsync("authority = \"authorities/mai\""));
        Assert.Empty(await NamesAsync("order = \"orders/none\""));
    }

    [Fact]
    public async Task PageToken_HoldsAfterARestart_AndIsRefusedWhenForged()
    {
        await using var house = await House.StartAsync();
        var account = await house.AccountAsync();
        foreach (var name in new[] { "a.test", "b.test", "c.test" }) await account.IssueAsync(name);
        var request = new ListCertificatesRequest { PageSize = 2, Filter = "provisioner = \"provisioners/acme\"" };
        var first = await new CertificateService.CertificateServiceClient(house.Admin()).ListCertificatesAsync(request);
        await house.RestartControlPlaneAsync();
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());

        var second = await certificates.ListCertificatesAsync(new(request) { PageToken = first.NextPageToken });

        Assert.Equal(3, first.Certificates.Concat(second.Certificates).Select(c => c.Name).Distinct().Count());
        var forged = (first.NextPageToken[0] == 'A' ? 'B' : 'A') + first.NextPageToken[1..];
        foreach (var wrong in new[] { new ListCertificatesRequest(request) { PageToken = forged }, new(request) { PageToken = "garbage" }, new() { PageToken = first.NextPageToken } })
        {
            var fault = await Assert.ThrowsAsync<RpcException>(async () => await certificates.ListCertificatesAsync(wrong));
            Assert.Equal((StatusCode.InvalidArgument, "page_token"), (fault.StatusCode, Assert.Single(fault.Fields())));
        }
        var filter = await Assert.ThrowsAsync<RpcException>(async () => await certificates.ListCertificatesAsync(new() { Filter = "expire_time ~ \u0000" }));
        Assert.Equal((StatusCode.InvalidArgument, "filter"), (filter.StatusCode, Assert.Single(filter.Fields())));
    }
}

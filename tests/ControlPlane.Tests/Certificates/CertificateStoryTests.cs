using System.Text.Json;
using Grpc.Core;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Certificates;

/// <summary>The story of a certificate: everything that the rooms know of it, in one answer.</summary>
public sealed class CertificateStoryTests
{
    [Fact]
    public async Task Story_OfARevokedCertificate_IsWhole()
    {
        await using var house = await House.StartAsync();
        var account = await house.AccountAsync();
        await account.IssueAsync("nas.test");
        await account.IssueAsync("other.test");
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        var name = Assert.Single((await certificates.ListCertificatesAsync(new() { Filter = "identifier = \"dns:nas.test\"" })).Certificates).Name;
        await certificates.RevokeCertificateAsync(new() { Name = name, Reason = RevocationReason.Superseded });

        var story = await certificates.GetCertificateStoryAsync(new() { Name = name });

        Assert.Equal((name, Certificate.Types.State.Revoked), (story.Certificate.Name, story.Certificate.State));
        Assert.Equal(story.Certificate.Account, story.Account.Name);
        Assert.Equal((story.Certificate.Order, name), (story.Order.Name, story.Order.Certificate));
        Assert.NotEmpty(story.Order.Attempts);
        var proof = Assert.Single(story.Proofs);
        Assert.Equal(("dns:nas.test", "http-01", "valid", "main"), (proof.Identifier, proof.ChallengeType, proof.State, proof.Replica));
        foreach (var (jws, path) in new[] { (story.NewOrderJws, "/new-order"), (story.FinalizeJws, "/finalize") })
        {
            using var signed = JsonDocument.Parse(jws.Memory);
            var header = System.Buffers.Text.Base64Url.DecodeFromChars(signed.RootElement.GetProperty("protected").GetString());
            using var read = JsonDocument.Parse(header);
            Assert.EndsWith(path, read.RootElement.GetProperty("url").GetString(), StringComparison.Ordinal);
            Assert.Equal(account.Kid, read.RootElement.GetProperty("kid").GetString());
        }
        Assert.Equal("127.0.0.1", story.ClientAddress);
        Assert.Equal(("Leaf", "issued", "main", story.Certificate.Order), (story.Plan.Permit, story.Plan.Outcome, story.Plan.Replica, story.Plan.Purpose));
        Assert.Equal(story.Plan.TbsSha256, story.TbsSha256);
        Assert.NotNull(story.Plan.CloseTime);
        Assert.Equal(["certificate.issue", "certificate.revoke"], story.AuditEvents.Select(e => e.Action));
        Assert.All(story.AuditEvents, e => Assert.Equal(name, e.Resource));
    }

    [Fact]
    public async Task Story_OfNoCertificate_IsNotFound()
    {
        await using var house = await House.StartAsync();
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await certificates.GetCertificateStoryAsync(new() { Name = "certificates/abc" }));

        Assert.Equal(StatusCode.NotFound, fault.StatusCode);
    }
}

using System.Buffers.Text;
using System.Text;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>What is told of a certificate that was asked for without ACME.</summary>
[Collection(RequestGroup.Name)]
public sealed class CredentialStoryTests(RequestHouse house)
{
    [Fact]
    public async Task Story_WithoutAcme_HasTheCredentialAndTheRequest()
    {
        var request = RequestHouse.Request("ci", "story.test");
        request.Token = house.Token(null, "story.test");
        var made = await house.Anyone.CreateCertificateAsync(request);

        var story = await house.Admin.GetCertificateStoryAsync(new() { Name = made.Name });
        var listed = await house.Admin.ListCertificatesAsync(new() { Filter = $"requester = \"{made.Requester}\" AND identifier = \"dns:story.test\"" });

        Assert.Equal(request.Csr, story.CsrDer);
        Assert.True(story.NewOrderJws.IsEmpty && story.FinalizeJws.IsEmpty);
        var parts = story.Credential.ToStringUtf8().Split('.');
        Assert.Equal(2, parts.Length);
        Assert.Contains("story.test", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])), StringComparison.Ordinal);
        Assert.Equal(["certificate.issue"], story.AuditEvents.Select(e => e.Action));
        Assert.Equal((story.TbsSha256, "issued"), (story.Plan.TbsSha256, story.Plan.Outcome));
        Assert.Equal([made.Name], listed.Certificates.Select(c => c.Name));
    }
}

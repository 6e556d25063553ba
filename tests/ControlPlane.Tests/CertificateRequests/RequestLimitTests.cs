using System.Security.Cryptography;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>Whoever holds a key does not get certificates without end.</summary>
public sealed class RequestLimitTests
{
    [Fact]
    public async Task RenewalsOfAName_AreLimited_AndWhatIsRefusedCostsNothing()
    {
        await using var plane = new RunningControlPlane();
        plane.Use(KeyValuePair.Create<string, string?>("Limits:OrdersPerName", "3"));
        await plane.InitializeAsync();
        var (admin, anyone) = (new CertificateService.CertificateServiceClient(plane.Admin()), new CertificateService.CertificateServiceClient(plane.Remote()));
        var provisioners = new ProvisionerService.ProvisionerServiceClient(plane.Admin());
        var acme = await provisioners.GetProvisionerAsync(new() { Name = "provisioners/acme" });
        await provisioners.CreateProvisionerAsync(new()
        {
            ProvisionerId = "renew",
            Provisioner = new() { Authority = acme.Authority, DefaultProfile = "profiles/default", Renewal = new() { Provisioners = { acme.Name } } },
        });
        foreach (var level in new[] { acme.Name, "provisioners/renew" })
            await new NameService.NameServiceClient(plane.Admin()).CreateNameRuleAsync(new() { NameRule = new NameRule { Level = level, Effect = NameRule.Types.Effect.Allow, Pattern = "subtree:limit.test" } });
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var last = await admin.CreateCertificateAsync(RequestHouse.Request(key, "acme", "one.limit.test"));
        RenewCertificateRequest Renewal() => new() { Name = last.Name, Proof = Tokens.Proof(key, last.Name, "RenewCertificate", TimeProvider.System.GetUtcNow()) };

        // What is refused takes nothing of the three.
        var bad = Renewal();
        bad.Provisioner = acme.Name;
        for (var i = 0; i < 5; i++) await RequestHouse.RefusedAsync(anyone.RenewCertificateAsync(bad), StatusCode.PermissionDenied, "renews no certificates");
        for (var i = 0; i < 3; i++) last = await anyone.RenewCertificateAsync(Renewal());
        var refused = await RequestHouse.RefusedAsync(anyone.RenewCertificateAsync(Renewal()), StatusCode.ResourceExhausted, "one.limit.test");

        Assert.NotNull(refused.GetRpcStatus()!.GetDetail<Google.Rpc.RetryInfo>());
        // The operator has an account of its own.
        Assert.NotEmpty((await admin.CreateCertificateAsync(RequestHouse.Request(key, "acme", "one.limit.test"))).Name);
    }
}

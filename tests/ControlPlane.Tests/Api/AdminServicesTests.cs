using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;
using GrpcCa.Host.Identity;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>The services for operators, over the wire.</summary>
[Collection(ControlPlaneGroup.Name)]
public sealed class AdminServicesTests(RunningControlPlane plane)
{
    [Fact]
    public async Task NameRules_AreAddedExplainedListedAndRemoved()
    {
        var names = new NameService.NameServiceClient(plane.Admin());
        var request = new CreateNameRuleRequest
        {
            NameRule = new NameRule { Level = "provisioners/nixos", Effect = NameRule.Types.Effect.Allow, Pattern = "subtree:rules.test", Comment = "for a test" },
            RequestId = "rules",
        };

        var rule = await names.CreateNameRuleAsync(request);
        var again = await names.CreateNameRuleAsync(request);
        var same = await Assert.ThrowsAsync<RpcException>(async () => await names.CreateNameRuleAsync(new CreateNameRuleRequest(request) { RequestId = "" }));
        var listed = await names.ListNameRulesAsync(new ListNameRulesRequest { Filter = "level = \"provisioners/nixos\" AND pattern = \"subtree:rules.test\"" });
        var allowed = await names.TestNameAsync(new TestNameRequest { Identifier = "nas.rules.test", Provisioner = "provisioners/nixos" });
        await names.DeleteNameRuleAsync(new DeleteNameRuleRequest { Name = rule.Name });
        var refused = await names.TestNameAsync(new TestNameRequest { Identifier = "nas.rules.test", Provisioner = "provisioners/nixos" });
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await names.DeleteNameRuleAsync(new DeleteNameRuleRequest { Name = rule.Name }));

        Assert.Equal(rule, again);
        Assert.StartsWith("local/uid/", rule.Creator, StringComparison.Ordinal);
        Assert.Equal(StatusCode.AlreadyExists, same.StatusCode);
        Assert.Equal([rule], listed.NameRules);
        Assert.True(allowed.Allowed);
        Assert.Contains(allowed.Levels, l => l.NameRule == rule.Name);
        Assert.False(refused.Allowed);
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task NameLevel_IsUnsetByAnActOfItsOwn()
    {
        var admin = plane.Admin();
        var names = new NameService.NameServiceClient(admin);
        var key = await new AccountService.AccountServiceClient(admin).CreateEabKeyAsync(new CreateEabKeyRequest
        {
            EabKeyId = "unset-level", EabKey = new EabKey { Provisioner = "provisioners/acme" }, Allow = { "exact:level.test" },
        });
        var request = new UnsetNameLevelRequest { Level = key.EabKey.Name };

        await names.UnsetNameLevelAsync(request);
        var left = await names.ListNameRulesAsync(new ListNameRulesRequest { Filter = $"level = \"{key.EabKey.Name}\"" });
        var again = await Assert.ThrowsAsync<RpcException>(async () => await names.UnsetNameLevelAsync(request));
        var provisioner = await Assert.ThrowsAsync<RpcException>(async () => await names.UnsetNameLevelAsync(new UnsetNameLevelRequest { Level = "provisioners/acme" }));
        var audit = await new AuditService.AuditServiceClient(admin).ListAuditEventsAsync(new ListAuditEventsRequest { PageSize = 1000 });

        Assert.Empty(left.NameRules);
        Assert.Equal((StatusCode.NotFound, StatusCode.FailedPrecondition), (again.StatusCode, provisioner.StatusCode));
        Assert.Contains(audit.AuditEvents, e => e.Action == "nameLevel.unset");
    }

    [Theory]
    [InlineData("operators/x", "exact:a.test", "name_rule.level")]
    [InlineData("provisioners/none", "exact:a.test", "name_rule.level")]
    [InlineData("provisioners/acme", "suffix:a.test", "name_rule.pattern")]
    public async Task NameRule_WithAWrongField_NamesIt(string level, string pattern, string field)
    {
        var names = new NameService.NameServiceClient(plane.Admin());

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await names.CreateNameRuleAsync(new CreateNameRuleRequest
        {
            NameRule = new NameRule { Level = level, Effect = NameRule.Types.Effect.Deny, Pattern = pattern },
        }));

        Assert.Equal((StatusCode.InvalidArgument, field), (fault.StatusCode, Assert.Single(fault.Fields())));
    }

    [Fact]
    public async Task GatewayNames_AreReserved()
    {
        await new GatewayService.GatewayServiceClient(plane.Admin())
            .CreateGatewayAsync(new CreateGatewayRequest { GatewayId = "reserved", Gateway = new V1.Gateway { BaseUrls = { "https://reserved.own.test" } } });
        var names = new NameService.NameServiceClient(plane.Admin());
        await names.CreateNameRuleAsync(new CreateNameRuleRequest
        {
            NameRule = new NameRule { Level = "provisioners/acme", Effect = NameRule.Types.Effect.Allow, Pattern = "subtree:own.test" },
        });

        async Task<bool> AllowedAsync(string name) => (await names.TestNameAsync(new TestNameRequest { Identifier = name, Provisioner = "provisioners/acme" })).Allowed;

        Assert.True(await AllowedAsync("nas.own.test"));
        Assert.False(await AllowedAsync("reserved.own.test"));
    }

    [Fact]
    public async Task Hierarchy_IsShown()
    {
        var authorities = new AuthorityService.AuthorityServiceClient(plane.Admin());

        var listed = await authorities.ListAuthoritiesAsync(new ListAuthoritiesRequest());
        var issuing = listed.Authorities.Single(a => a.Purpose == Authority.Types.Purpose.Issuing);
        var issuer = Assert.Single((await authorities.ListIssuersAsync(new ListIssuersRequest { Parent = issuing.Name })).Issuers);
        var roots = await new TrustService.TrustServiceClient(plane.Remote()).ListRootsAsync(new ListRootsRequest());

        Assert.Equal(2, listed.Authorities.Count);
        Assert.Equal("EC_P256", issuer.KeyType);
        Assert.Equal([issuing.RootDer], roots.RootDers);
        Assert.Equal(issuing, await authorities.GetAuthorityAsync(new GetAuthorityRequest { Name = issuing.Name }));
    }

    [Fact]
    public async Task ProvisionersAndProfiles_OfTheStart_AreShown()
    {
        var provisioners = await new ProvisionerService.ProvisionerServiceClient(plane.Admin()).ListProvisionersAsync(new ListProvisionersRequest());
        var profile = await new ProfileService.ProfileServiceClient(plane.Admin()).GetProfileAsync(new GetProfileRequest { Name = "profiles/nixos" });

        Assert.Equal(["provisioners/acme", "provisioners/nixos"], provisioners.Provisioners.Select(p => p.Name));
        Assert.Equal(Duration.FromTimeSpan(TimeSpan.FromDays(90)), profile.Lifetime);
    }

    [Fact]
    public async Task Certificates_AreListedFilteredAndRevokedOnce()
    {
        var gateways = new GatewayService.GatewayServiceClient(plane.Admin());
        var created = await gateways.CreateGatewayAsync(new CreateGatewayRequest { GatewayId = "listed", Gateway = new V1.Gateway { BaseUrls = { "https://listed.test" } } });
        Assert.True(Host.JoinToken.TryParse(created.JoinToken, out var token, out var fault), fault);
        using var key = new FreshKey();
        var enrolled = await new GatewayService.GatewayServiceClient(plane.Remote())
            .EnrollGatewayAsync(new EnrollGatewayRequest { Secret = token.Secret, CsrDer = ByteString.CopyFrom(key.SigningRequest()) });
        using var identity = key.Join(enrolled.CertificateDer.ToByteArray());
        var gateway = new GatewayService.GatewayServiceClient(plane.Remote(identity));
        for (var i = 0; i < 3; i++)
        {
            using var tls = new FreshKey();
            await gateway.IssueTlsCertificateAsync(new IssueTlsCertificateRequest { CsrDer = ByteString.CopyFrom(tls.SigningRequest()) });
        }
        var certificates = new CertificateService.CertificateServiceClient(plane.Admin());
        const string filter = "identifier = \"dns:listed.test\" AND gateway = \"gateways/listed\" AND state = VALID AND create_time > \"2020-01-01T00:00:00Z\"";

        var first = await certificates.ListCertificatesAsync(new ListCertificatesRequest { Filter = filter, PageSize = 2, OrderBy = "expire_time" });
        var rest = await certificates.ListCertificatesAsync(new ListCertificatesRequest { Filter = filter, PageSize = 2, OrderBy = "expire_time", PageToken = first.NextPageToken });
        var name = first.Certificates[0].Name;
        var revoke = new RevokeCertificateRequest { Name = name, Reason = RevocationReason.Superseded, RequestId = "revoke" };
        var asIf = await certificates.RevokeCertificateAsync(new RevokeCertificateRequest(revoke) { ValidateOnly = true });
        var stillValid = await certificates.GetCertificateAsync(new GetCertificateRequest { Name = name });
        var revoked = await certificates.RevokeCertificateAsync(revoke);
        var repeated = await certificates.RevokeCertificateAsync(revoke);
        var second = await Assert.ThrowsAsync<RpcException>(async () => await certificates.RevokeCertificateAsync(new RevokeCertificateRequest { Name = name }));
        var left = await certificates.ListCertificatesAsync(new ListCertificatesRequest { Filter = filter });

        Assert.Equal((2, 1, ""), (first.Certificates.Count, rest.Certificates.Count, rest.NextPageToken));
        Assert.Equal(3, first.Certificates.Concat(rest.Certificates).Select(c => c.Name).Distinct().Count());
        Assert.Equal((Certificate.Types.State.Revoked, Certificate.Types.State.Valid), (asIf.State, stillValid.State));
        Assert.StartsWith("-----BEGIN CERTIFICATE-----\n", stillValid.PemChain, StringComparison.Ordinal);
        Assert.Equal(RevocationReason.Superseded, revoked.RevocationReason);
        Assert.Equal(revoked.RevokeTime.Seconds, repeated.RevokeTime.Seconds);
        Assert.Equal((StatusCode.FailedPrecondition, "ALREADY_REVOKED"), (second.StatusCode, second.Reason()));
        Assert.Equal(2, left.Certificates.Count);
    }

    [Fact]
    public async Task Audit_IsPagedNewestFirst()
    {
        var audit = new AuditService.AuditServiceClient(plane.Admin());

        var first = await audit.ListAuditEventsAsync(new ListAuditEventsRequest { PageSize = 1 });
        var second = await audit.ListAuditEventsAsync(new ListAuditEventsRequest { PageSize = 1, PageToken = first.NextPageToken });
        var forged = await Assert.ThrowsAsync<RpcException>(async () => await audit.ListAuditEventsAsync(new ListAuditEventsRequest { PageToken = "forged" }));

        Assert.True(first.AuditEvents[0].CreateTime.ToDateTimeOffset() >= second.AuditEvents[0].CreateTime.ToDateTimeOffset());
        Assert.NotEqual(first.AuditEvents[0].Name, second.AuditEvents[0].Name);
        Assert.Equal(["page_token"], forged.Fields());
    }

    [Fact]
    public async Task EmptyLists_AndUnknownNames_AreTold()
    {
        var admin = plane.Admin();

        Assert.Empty((await new OrderService.OrderServiceClient(admin).ListOrdersAsync(new ListOrdersRequest())).Orders);
        Assert.Empty((await new AccountService.AccountServiceClient(admin).ListAccountsAsync(new ListAccountsRequest())).Accounts);
        await NotFoundAsync(async () => await new OrderService.OrderServiceClient(admin).GetOrderAsync(new GetOrderRequest { Name = "orders/none" }));
        await NotFoundAsync(async () => await new AccountService.AccountServiceClient(admin).GetAccountAsync(new GetAccountRequest { Name = "accounts/none" }));
        await NotFoundAsync(async () => await new CertificateService.CertificateServiceClient(admin).GetCertificateAsync(new GetCertificateRequest { Name = "certificates/0a" }));
        await NotFoundAsync(async () => await new ProfileService.ProfileServiceClient(admin).GetProfileAsync(new GetProfileRequest { Name = "profiles/none" }));
        await NotFoundAsync(async () => await new ProvisionerService.ProvisionerServiceClient(admin).GetProvisionerAsync(new GetProvisionerRequest { Name = "provisioners/none" }));
        await NotFoundAsync(async () => await new AuthorityService.AuthorityServiceClient(admin).GetAuthorityAsync(new GetAuthorityRequest { Name = "authorities/none" }));
        await NotFoundAsync(async () => await new OperatorService.OperatorServiceClient(admin).GetOperatorAsync(new GetOperatorRequest { Name = "operators/none" }));
    }

    [Fact]
    public async Task Health_AnswersAnyone_ReflectionOnlyTheAdminSocket()
    {
        var health = await new Health.HealthClient(plane.Remote()).CheckAsync(new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);

        Assert.Contains("grpcca.v1.NameService", await ServicesAsync(plane.Admin()));
        var fault = await Assert.ThrowsAsync<RpcException>(() => ServicesAsync(plane.Remote()));
        Assert.Equal(StatusCode.Unauthenticated, fault.StatusCode);
    }

    private static async Task<string[]> ServicesAsync(CallInvoker invoker)
    {
        using var call = new ServerReflection.ServerReflectionClient(invoker).ServerReflectionInfo();
        try
        {
            await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception fault) when (fault is RpcException or InvalidOperationException)
        {
            // Refused before all was sent; what is read next says why.
        }
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        return [.. call.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name)];
    }

    private static async Task NotFoundAsync(Func<Task> call) => Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
}

using Google.Protobuf.Reflection;
using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.V1;
using Role = GrpcCa.ControlPlane.Access.Role;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>Who may call what: every RPC with every kind of caller, against a table written by hand.</summary>
public sealed class AccessRulesTests
{
    private const string Readers = "Auditor Issuer Operator Owner";
    private const string Anyone = "Anyone Gateway Auditor Issuer Operator Owner";

    // Every method but AcmeService's, which are the gateways'. One that is not here fails the test: a new RPC is put
    // here by a person who thought about it.
    private static readonly Dictionary<string, string> Expected = new()
    {
        ["AccountService/GetAccount"] = Readers,
        ["AccountService/ListAccounts"] = Readers,
        ["AccountService/GetEabKey"] = Readers,
        ["AccountService/ListEabKeys"] = Readers,
        ["AccountService/CreateEabKey"] = "Operator Owner",
        ["AccountService/DisableEabKey"] = "Operator Owner",
        ["AccountService/UpdateEabKey"] = "Operator Owner",
        ["AccountService/DeleteEabKey"] = "Operator Owner",
        ["AccountService/DeactivateAccount"] = "Operator Owner",
        ["AccountService/PauseAccount"] = "Operator Owner",
        ["AccountService/ResumeAccount"] = "Operator Owner",
        ["ApprovalService/GetApproval"] = "Auditor Operator Owner",
        ["ApprovalService/ListApprovals"] = "Auditor Operator Owner",
        ["ApprovalService/ListApprovalDemands"] = "Auditor Operator Owner",
        ["ApprovalService/ApproveApproval"] = "Operator Owner",
        ["ApprovalService/RejectApproval"] = "Operator Owner",
        ["ApprovalService/SetApprovalDemand"] = "Owner",
        ["AuditService/ListAuditEvents"] = "Auditor Owner",
        ["AuthorityService/GetAuthority"] = Readers,
        ["AuthorityService/ListAuthorities"] = Readers,
        ["AuthorityService/ListIssuers"] = Readers,
        ["AuthorityService/ListIssuerChains"] = Readers,
        ["AuthorityService/CreateIssuerChain"] = "Owner",
        ["AuthorityService/DeleteIssuerChain"] = "Owner",
        ["AuthorityService/RefreshCrl"] = "Operator Owner",
        ["AuthorityService/ImportCrl"] = "Operator Owner",
        ["CertificateService/GetCertificate"] = Readers,
        ["CertificateService/GetCertificateStory"] = "Auditor Operator Owner",
        ["CertificateService/ListCertificates"] = Readers,
        ["CertificateService/CreateCertificate"] = Anyone,
        ["CertificateService/RenewCertificate"] = Anyone,
        ["CertificateService/RekeyCertificate"] = Anyone,
        ["CertificateService/RevokeCertificate"] = "Issuer Operator Owner",
        ["CertificateService/BatchRevokeCertificates"] = "Operator Owner",
        ["CertificateService/WatchCertificates"] = Readers,
        ["CertificateService/AdvanceRenewals"] = "Operator Owner",
        ["GatewayService/GetGateway"] = Readers,
        ["GatewayService/ListGateways"] = Readers,
        ["GatewayService/CreateGateway"] = "Operator Owner",
        ["GatewayService/UpdateGateway"] = "Operator Owner",
        ["GatewayService/DisableGateway"] = "Operator Owner",
        ["GatewayService/CreateJoinToken"] = "Operator Owner",
        ["GatewayService/EnrollGateway"] = Anyone,
        ["GatewayService/RenewIdentity"] = "Gateway",
        ["GatewayService/IssueTlsCertificate"] = "Gateway",
        ["GatewayService/GetGatewayConfig"] = "Gateway",
        ["NameService/GetNameRule"] = Readers,
        ["NameService/ListNameRules"] = Readers,
        ["NameService/TestName"] = Readers,
        ["NameService/CreateNameRule"] = "Operator Owner",
        ["NameService/DeleteNameRule"] = "Operator Owner",
        ["NameService/UnsetNameLevel"] = "Operator Owner",
        ["OperatorService/GetOperator"] = "Auditor Operator Owner",
        ["OperatorService/ListOperators"] = "Auditor Operator Owner",
        ["OperatorService/CreateOperator"] = "Owner",
        ["OperatorService/UpdateOperator"] = "Owner",
        ["OperatorService/DisableOperator"] = "Owner",
        ["OperatorService/EnrollOperator"] = Anyone,
        ["OperatorService/RenewOperatorIdentity"] = Readers,
        ["OrderService/GetOrder"] = Readers,
        ["OrderService/ListOrders"] = Readers,
        ["ProfileService/GetProfile"] = Readers,
        ["ProfileService/ListProfiles"] = Readers,
        ["ProfileService/CreateProfile"] = "Operator Owner",
        ["ProfileService/UpdateProfile"] = "Operator Owner",
        ["ProfileService/DeleteProfile"] = "Operator Owner",
        ["ProvisionerService/GetProvisioner"] = Readers,
        ["ProvisionerService/ListProvisioners"] = Readers,
        ["ProvisionerService/CreateProvisioner"] = "Operator Owner",
        ["ProvisionerService/UpdateProvisioner"] = "Operator Owner",
        ["ProvisionerService/DeleteProvisioner"] = "Operator Owner",
        ["StateService/PlanState"] = "Operator Owner",
        ["StateService/ApplyState"] = "Operator Owner",
        ["StateService/ExportState"] = Readers,
        ["TrustService/ListRoots"] = Anyone,
        ["TrustService/ListIdentityRoots"] = Anyone,
        ["TrustService/ListCrls"] = Anyone,
        ["TrustService/GetCrl"] = Anyone,
        ["TrustService/GetServerInfo"] = Anyone,
        ["WebhookService/GetWebhook"] = Readers,
        ["WebhookService/ListWebhooks"] = Readers,
        ["WebhookService/ListWebhookDeliveries"] = Readers,
        ["WebhookService/CreateWebhook"] = "Operator Owner",
        ["WebhookService/UpdateWebhook"] = "Operator Owner",
        ["WebhookService/DeleteWebhook"] = "Operator Owner",
        ["WebhookService/RotateWebhookSecret"] = "Operator Owner",
        ["WebhookService/TestWebhook"] = "Operator Owner",
    };

    private static readonly Caller[] Callers =
    [
        Caller.Anonymous,
        Caller.Gateway("edge", "01"),
        Caller.Operator("anna", Role.Auditor, "02"),
        Caller.Operator("igor", Role.Issuer, "03"),
        Caller.Operator("olga", Role.Operator, "04"),
        Caller.Operator("otto", Role.Owner, "05"),
    ];

    public static TheoryData<string> Paths() => [.. ApiServices.Methods().Select(m => m.Key)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Rpc_ForEveryRole_IsOpenExactlyAsDeclared(string path)
    {
        var allowed = ExpectedFor(path).Split(' ').Select(Enum.Parse<Role>).ToHashSet();
        foreach (var caller in Callers)
        {
            var outcome = await CallAsync(path, caller);
            var expected = allowed.Contains(caller.Role) ? StatusCode.OK
                : caller.Kind == CallerKind.Anonymous ? StatusCode.Unauthenticated : StatusCode.PermissionDenied;
            Assert.True(expected == outcome, $"{path} for {caller.Role}: {outcome} instead of {expected}");
        }
    }

    [Fact]
    public async Task Rpc_ForARefusedIdentity_IsClosedWithTheCause()
    {
        var disabled = Caller.Refused(new IdentityFault(IdentityFaultKind.Disabled, "gateway 'edge' is disabled"));
        var replaced = Caller.Refused(new IdentityFault(IdentityFaultKind.Unacceptable, "enrol again"));
        const string path = "/grpcca.v1.AcmeService/NewOrder";

        var first = await Assert.ThrowsAsync<RpcException>(() => InterceptAsync(path, disabled));
        var second = await Assert.ThrowsAsync<RpcException>(() => InterceptAsync(path, replaced));

        Assert.Equal((StatusCode.PermissionDenied, "CALLER_DISABLED"), (first.StatusCode, first.Reason()));
        Assert.Equal((StatusCode.Unauthenticated, "IDENTITY_UNACCEPTABLE"), (second.StatusCode, second.Reason()));
        Assert.Equal(StatusCode.OK, await CallAsync("/grpcca.v1.TrustService/ListRoots", disabled));
    }

    [Theory]
    [InlineData("/grpcca.v1.NameService/TestNames")]
    [InlineData("/grpcca.v1.SecretService/Read")]
    [InlineData("/grpcca.v1.nameservice/TestName")]
    [InlineData("")]
    public async Task UnknownMethod_ForAnOwner_IsClosed(string path) =>
        Assert.Equal(StatusCode.PermissionDenied, await CallAsync(path, Caller.LocalAdmin(0)));

    [Fact]
    public async Task Reflection_IsOpenOnTheAdminSocketOnly()
    {
        const string path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

        Assert.Equal(StatusCode.OK, await CallAsync(path, Caller.LocalAdmin(0)));
        foreach (var caller in Callers) Assert.NotEqual(StatusCode.OK, await CallAsync(path, caller));
    }

    [Fact]
    public async Task Health_IsOpenToAnyone() => Assert.Equal(StatusCode.OK, await CallAsync("/grpc.health.v1.Health/Check", Caller.Anonymous));

    [Fact]
    public async Task WatchingHealth_WhichStaysOpen_IsForThoseWhoAreKnown()
    {
        const string path = "/grpc.health.v1.Health/Watch";

        Assert.Equal(StatusCode.Unauthenticated, await CallAsync(path, Caller.Anonymous));
        foreach (var caller in Callers.Where(caller => caller.Kind != CallerKind.Anonymous)) Assert.Equal(StatusCode.OK, await CallAsync(path, caller));
    }

    [Fact]
    public void ServiceWithoutRules_StopsTheStart()
    {
        var fault = Assert.Throws<InvalidOperationException>(() => new AccessRules([.. ApiServices.All, Grpc.Health.V1.Health.Descriptor]));

        Assert.Contains("grpc.health.v1.Health.Check", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ListOfServices_IsComplete()
    {
        var inProtos = typeof(AcmeService).Assembly.GetTypes()
            .Select(t => t.GetProperty("Descriptor", typeof(ServiceDescriptor))?.GetValue(null))
            .OfType<ServiceDescriptor>().Where(s => s.File.Package == "grpcca.v1").Select(s => s.FullName).Order(StringComparer.Ordinal);

        Assert.Equal(inProtos, ApiServices.All.Select(s => s.FullName).Order(StringComparer.Ordinal));
    }

    private static string ExpectedFor(string path)
    {
        var name = path["/grpcca.v1.".Length..];
        if (name.StartsWith("AcmeService/", StringComparison.Ordinal)) return "Gateway";
        return Expected.TryGetValue(name, out var roles) ? roles : throw new InvalidOperationException($"nobody has said who may call {name}");
    }

    private static async Task<StatusCode> CallAsync(string path, Caller caller)
    {
        try
        {
            await InterceptAsync(path, caller);
            return StatusCode.OK;
        }
        catch (RpcException fault)
        {
            return fault.StatusCode;
        }
    }

    private static async Task InterceptAsync(string path, Caller caller)
    {
        var context = new FakeCall(path);
        context.SetRequestId("0123456789abcdef");
        var interceptor = new AccessInterceptor(new AccessRules(ApiServices.All), new FixedCaller(caller));
        await interceptor.UnaryServerHandler(new object(), context, (_, call) =>
        {
            Assert.Same(caller, call.Caller());
            return Task.FromResult(new object());
        });
    }

    private sealed class FixedCaller(Caller caller) : ICallerSource
    {
        public ValueTask<Caller> ResolveAsync(ServerCallContext context) => new(caller);
    }
}

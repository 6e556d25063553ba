using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.Host;
using GrpcCa.Host.Identity;
using GrpcCa.Protocol.Identity;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Operators;

/// <summary>Operators over the wire: log in once, act by their role, and be refused at the next call.</summary>
[Collection(ControlPlaneGroup.Name)]
public sealed class OperatorServiceTests(RunningControlPlane plane)
{
    private OperatorService.OperatorServiceClient Admin => new(plane.Admin());

    [Fact]
    public async Task Operator_LoggedIn_ActsByItsRoleUntilDisabled()
    {
        using var identity = await LogInAsync("olga", await CreateAsync("olga", Role.Operator));
        var names = new NameService.NameServiceClient(plane.Remote(identity));

        var rule = await names.CreateNameRuleAsync(new CreateNameRuleRequest
        {
            NameRule = new NameRule { Level = "provisioners/acme", Effect = NameRule.Types.Effect.Allow, Pattern = "exact:olga.test" },
        });
        var operators = new OperatorService.OperatorServiceClient(plane.Remote(identity));
        var notAllowed = await Assert.ThrowsAsync<RpcException>(async () => await operators.DisableOperatorAsync(new DisableOperatorRequest { Name = "operators/olga" }));
        await Admin.DisableOperatorAsync(new DisableOperatorRequest { Name = "operators/olga" });
        var disabled = await Assert.ThrowsAsync<RpcException>(async () => await names.GetNameRuleAsync(new GetNameRuleRequest { Name = rule.Name }));

        Assert.Equal("operators/olga", rule.Creator);
        Assert.Equal((StatusCode.PermissionDenied, "ROLE_NOT_ALLOWED"), (notAllowed.StatusCode, notAllowed.Reason()));
        Assert.Equal((StatusCode.PermissionDenied, "CALLER_DISABLED"), (disabled.StatusCode, disabled.Reason()));
    }

    [Fact]
    public async Task LoginToken_UsedTwice_IsRefused()
    {
        var token = await CreateAsync("twice", Role.Auditor);
        using var identity = await LogInAsync("twice", token);

        var fault = await Assert.ThrowsAsync<RpcException>(() => LogInAsync("twice", token));

        Assert.Equal(StatusCode.Unauthenticated, fault.StatusCode);
    }

    [Fact]
    public async Task LoginToken_EnrolsNoGateway()
    {
        var token = await CreateAsync("mixed", Role.Owner);
        using var key = new FreshKey();

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await new GatewayService.GatewayServiceClient(plane.Remote())
            .EnrollGatewayAsync(new EnrollGatewayRequest { Secret = token.Secret, CsrDer = ByteString.CopyFrom(key.SigningRequest()) }));

        Assert.Equal(StatusCode.Unauthenticated, fault.StatusCode);
        using var identity = await LogInAsync("mixed", token);
        Assert.Equal("grpcca://operator/mixed", GrpcCa.ControlPlane.Access.IdentityUri.TryRead(identity, out var uri) ? uri.ToString() : "");
    }

    [Fact]
    public async Task Id_InUse_IsTaken_AndFreeOnceDisabled()
    {
        using var old = await LogInAsync("again", await CreateAsync("again", Role.Auditor));
        var taken = await Assert.ThrowsAsync<RpcException>(() => CreateAsync("again", Role.Owner));

        await Admin.DisableOperatorAsync(new DisableOperatorRequest { Name = "operators/again" });
        using var fresh = await LogInAsync("again", await CreateAsync("again", Role.Owner));

        Assert.Equal(StatusCode.AlreadyExists, taken.StatusCode);
        var voided = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(old));
        Assert.Equal("IDENTITY_UNACCEPTABLE", voided.Reason());
        Assert.Equal(Role.Owner, (await ReadAsync(fresh)).Role);
    }

    [Fact]
    public async Task Identity_Renewed_Works_AndLocalAdminsHaveNone()
    {
        using var first = await LogInAsync("anna", await CreateAsync("anna", Role.Auditor));
        using var key = new FreshKey();
        var request = new RenewOperatorIdentityRequest { CsrDer = ByteString.CopyFrom(key.SigningRequest()) };

        var renewed = await new OperatorService.OperatorServiceClient(plane.Remote(first)).RenewOperatorIdentityAsync(request);
        using var second = key.Join(renewed.CertificateDer.ToByteArray());
        var local = await Assert.ThrowsAsync<RpcException>(async () => await Admin.RenewOperatorIdentityAsync(request));

        var read = await new OperatorService.OperatorServiceClient(plane.Remote(second)).GetOperatorAsync(new GetOperatorRequest { Name = "operators/anna" });
        Assert.Equal("operators/anna", read.Name);
        Assert.Equal(StatusCode.FailedPrecondition, local.StatusCode);
    }

    [Theory]
    [InlineData(Role.Gateway)]
    [InlineData(Role.Anyone)]
    public async Task Role_ThatIsNoOperators_IsRefused(Role role)
    {
        var fault = await Assert.ThrowsAsync<RpcException>(() => CreateAsync("nobody", role));

        Assert.Equal((StatusCode.InvalidArgument, "operator.role"), (fault.StatusCode, Assert.Single(fault.Fields())));
    }

    private async Task<Operator> ReadAsync(X509Certificate2 identity) =>
        await new OperatorService.OperatorServiceClient(plane.Remote(identity)).GetOperatorAsync(new GetOperatorRequest { Name = "operators/again" });

    private Task<JoinToken> CreateAsync(string id, Role role) => plane.CreateOperatorAsync(id, role);

    private Task<X509Certificate2> LogInAsync(string id, JoinToken token) => plane.LogInAsync(id, token);
}

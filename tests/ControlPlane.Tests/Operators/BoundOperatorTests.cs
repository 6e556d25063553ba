using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.V1;
using Microsoft.Extensions.DependencyInjection;
using Role = GrpcCa.V1.Role;

namespace GrpcCa.ControlPlane.Tests.Operators;

/// <summary>An issuer or operator that is bound to provisioners acts on those and on nothing else, RPC by RPC.</summary>
[Collection(ControlPlaneGroup.Name)]
public sealed class BoundOperatorTests(RunningControlPlane plane)
{
    // What a bound caller may call at all, and what is traced to a provisioner there. Everything else is closed.
    private static readonly Dictionary<string, string> Expected = new()
    {
        ["AccountService/CreateEabKey"] = "eab_key.provisioner",
        ["AccountService/DisableEabKey"] = "name",
        ["AccountService/UpdateEabKey"] = "eab_key.name",
        ["AccountService/DeleteEabKey"] = "name",
        ["AccountService/DeactivateAccount"] = "name",
        ["AccountService/PauseAccount"] = "name",
        ["AccountService/ResumeAccount"] = "name",
        ["ApprovalService/ApproveApproval"] = "-",
        ["ApprovalService/RejectApproval"] = "-",
        ["CertificateService/RevokeCertificate"] = "name",
        ["CertificateService/BatchRevokeCertificates"] = "selector.provisioner",
        ["NameService/CreateNameRule"] = "name_rule.level",
        ["NameService/DeleteNameRule"] = "name",
        ["NameService/UnsetNameLevel"] = "level",
        ["OperatorService/RenewOperatorIdentity"] = "-",
        ["ProvisionerService/UpdateProvisioner"] = "provisioner.name",
        ["ProvisionerService/DeleteProvisioner"] = "name",
    };

    public static TheoryData<string> Acts() => [.. ApiServices.Methods()
        .Where(m => !m.Value.Name.StartsWith("Get", StringComparison.Ordinal) && !m.Value.Name.StartsWith("List", StringComparison.Ordinal)
            && !m.Value.Name.StartsWith("Test", StringComparison.Ordinal) && !m.Value.Name.StartsWith("Watch", StringComparison.Ordinal))
        .Where(m => m.Value.GetOptions().GetExtension(AccessExtensions.Access).Roles.Any(r => r is Role.Issuer or Role.Operator))
        .Select(m => m.Key)];

    [Theory]
    [MemberData(nameof(Acts))]
    public async Task Act_ByABoundCaller_ReachesItsProvisionersOnly(string path)
    {
        var check = plane.Services.GetRequiredService<BoundInterceptor>();
        var method = ApiServices.Methods().Single(m => m.Key == path).Value;
        var rule = Expected.GetValueOrDefault(path["/grpcca.v1.".Length..]);
        var bound = Caller.Operator("bo", GrpcCa.ControlPlane.Access.Role.Operator, "01") with { Provisioners = ["acme"] };
        var free = Caller.Operator("fay", GrpcCa.ControlPlane.Access.Role.Operator, "02");
        ValueTask Call(Caller caller, string resource) => check.CheckAsync(path, Request(method.InputType.Parser, rule, resource), caller, CancellationToken.None);

        await Call(free, "provisioners/nixos");
        if (rule == "-")
        {
            await Call(bound, "");
            return;
        }
        await Assert.ThrowsAsync<RefusalException>(async () => await Call(bound, "provisioners/nixos"));
        await Assert.ThrowsAsync<RefusalException>(async () => await Call(bound, "authorities/main"));
        await Assert.ThrowsAsync<RefusalException>(async () => await Call(bound, "accounts/nobody"));
        await Assert.ThrowsAsync<RefusalException>(async () => await Call(bound, ""));
        if (rule is null) await Assert.ThrowsAsync<RefusalException>(async () => await Call(bound, "provisioners/acme"));
        else await Call(bound, "provisioners/acme");
    }

    [Fact]
    public async Task Operator_BoundToAProvisioner_IsHeldToItOverTheWire()
    {
        using var identity = await plane.OperatorAsync("bound-one", Role.Operator, "provisioners/acme");
        var names = new NameService.NameServiceClient(plane.Remote(identity));
        var admin = new NameService.NameServiceClient(plane.Admin());
        var foreign = await admin.CreateNameRuleAsync(Rule("provisioners/nixos", "exact:foreign.test"));

        var own = await names.CreateNameRuleAsync(Rule("provisioners/acme", "exact:bound-one.test"));
        var other = await Assert.ThrowsAsync<RpcException>(async () => await names.CreateNameRuleAsync(Rule("provisioners/nixos", "exact:bound-one.test")));
        var above = await Assert.ThrowsAsync<RpcException>(async () => await names.CreateNameRuleAsync(Rule("authorities/main", "exact:bound-one.test")));
        var removal = await Assert.ThrowsAsync<RpcException>(async () => await names.DeleteNameRuleAsync(new() { Name = foreign.Name }));
        var wide = await Assert.ThrowsAsync<RpcException>(async () => await new ProfileService.ProfileServiceClient(plane.Remote(identity))
            .DeleteProfileAsync(new() { Name = "profiles/server" }));
        await names.DeleteNameRuleAsync(new() { Name = own.Name });

        Assert.All([other, above, removal, wide], fault => Assert.Equal(StatusCode.PermissionDenied, fault.StatusCode));
        Assert.Equal(foreign.Name, (await names.GetNameRuleAsync(new() { Name = foreign.Name })).Name);
    }

    [Fact]
    public async Task Provisioner_OfABoundOperator_RenewsForNoOther_AndStaysBelowItsAuthority()
    {
        var admin = new ProvisionerService.ProvisionerServiceClient(plane.Admin());
        var acme = await admin.GetProvisionerAsync(new() { Name = "provisioners/acme" });
        await admin.CreateProvisionerAsync(new()
        {
            ProvisionerId = "bound-renew",
            Provisioner = new() { Authority = acme.Authority, DefaultProfile = acme.DefaultProfile, Renewal = new() { Provisioners = { acme.Name } } },
        });
        using var identity = await plane.OperatorAsync("bound-two", Role.Operator, "provisioners/bound-renew");
        var own = new ProvisionerService.ProvisionerServiceClient(plane.Remote(identity));

        var changed = await own.UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/bound-renew", DisplayName = "mine", Renewal = new() { Provisioners = { acme.Name } } } });
        var other = await Assert.ThrowsAsync<RpcException>(async () => await own.UpdateProvisionerAsync(
            new() { Provisioner = new() { Name = "provisioners/bound-renew", Renewal = new() { Provisioners = { acme.Name, "provisioners/nixos" } } } }));
        var moved = await Assert.ThrowsAsync<RpcException>(async () => await own.UpdateProvisionerAsync(
            new() { Provisioner = new() { Name = "provisioners/bound-renew", Authority = "authorities/elsewhere" } }));

        Assert.Equal("mine", changed.DisplayName);
        Assert.Equal((StatusCode.PermissionDenied, StatusCode.PermissionDenied), (other.StatusCode, moved.StatusCode));
        Assert.Contains("provisioners/nixos", other.Status.Detail, StringComparison.Ordinal);
        await admin.DeleteProvisionerAsync(new() { Name = "provisioners/bound-renew" });
    }

    [Fact]
    public async Task Update_OfRoleAndProvisioners_HoldsAtTheNextCall()
    {
        using var identity = await plane.OperatorAsync("moved", Role.Operator);
        var admin = new OperatorService.OperatorServiceClient(plane.Admin());
        var names = new NameService.NameServiceClient(plane.Remote(identity));
        await names.CreateNameRuleAsync(Rule("provisioners/nixos", "exact:moved.test"));

        var next = new Operator { Name = "operators/moved", Provisioners = { "provisioners/acme" } };
        var answer = await admin.UpdateOperatorAsync(new() { Operator = next, ValidateOnly = true });
        await names.CreateNameRuleAsync(Rule("provisioners/nixos", "exact:moved2.test"));
        var changed = await admin.UpdateOperatorAsync(new() { Operator = next });
        var bound = await Assert.ThrowsAsync<RpcException>(async () => await names.CreateNameRuleAsync(Rule("provisioners/nixos", "exact:moved3.test")));
        next.Etag = answer.Etag + "0";
        var stale = await Assert.ThrowsAsync<RpcException>(async () => await admin.UpdateOperatorAsync(new() { Operator = next }));
        var owner = await Assert.ThrowsAsync<RpcException>(async () => await admin.UpdateOperatorAsync(new() { Operator = new() { Name = "operators/moved", Role = Role.Owner } }));
        var unknown = await Assert.ThrowsAsync<RpcException>(async () =>
            await admin.UpdateOperatorAsync(new() { Operator = new() { Name = "operators/moved", Provisioners = { "provisioners/none" } } }));

        Assert.Equal(["provisioners/acme"], changed.Provisioners);
        Assert.Equal(StatusCode.PermissionDenied, bound.StatusCode);
        Assert.Equal((StatusCode.Aborted, "operator.etag"), (stale.StatusCode, Assert.Single(stale.Fields())));
        Assert.Equal("operator.provisioners", Assert.Single(owner.Fields()));
        Assert.Equal("operator.provisioners[0]", Assert.Single(unknown.Fields()));
    }

    [Fact]
    public async Task LastOwner_CannotLeaveFromAfar_AndCanOnTheAdminSocket()
    {
        await using var own = new RunningControlPlane();
        await own.InitializeAsync();
        using var identity = await own.OperatorAsync("solo", Role.Owner);
        await own.CreateOperatorAsync("waiting", Role.Owner);
        var remote = new OperatorService.OperatorServiceClient(own.Remote(identity));

        var disabling = await Assert.ThrowsAsync<RpcException>(async () => await remote.DisableOperatorAsync(new() { Name = "operators/solo" }));
        var demoting = await Assert.ThrowsAsync<RpcException>(async () => await remote.UpdateOperatorAsync(new() { Operator = new() { Name = "operators/solo", Role = Role.Auditor } }));
        using var second = await own.OperatorAsync("second", Role.Owner);
        await remote.DisableOperatorAsync(new() { Name = "operators/second" });
        var gone = await new OperatorService.OperatorServiceClient(own.Admin()).DisableOperatorAsync(new() { Name = "operators/solo" });

        Assert.Equal((StatusCode.FailedPrecondition, StatusCode.FailedPrecondition), (disabling.StatusCode, demoting.StatusCode));
        Assert.Contains("last owner", disabling.Status.Detail, StringComparison.Ordinal);
        Assert.True(gone.Disabled);
    }

    [Fact]
    public async Task OperatorLevel_IsAskedByTheNameTest()
    {
        await plane.CreateOperatorAsync("tool", Role.Issuer, "provisioners/acme");
        var names = new NameService.NameServiceClient(plane.Admin());
        await names.CreateNameRuleAsync(Rule("provisioners/acme", "subtree:tools.test"));
        var question = new TestNameRequest { Identifier = "a.tools.test", Provisioner = "provisioners/acme", Operator = "operators/tool" };

        var unset = await names.TestNameAsync(question);
        await names.CreateNameRuleAsync(Rule("operators/tool", "exact:b.tools.test"));
        var set = await names.TestNameAsync(question);
        await names.UnsetNameLevelAsync(new() { Level = "operators/tool" });
        var again = await names.TestNameAsync(question);

        Assert.Equal((true, false, true), (unset.Allowed, set.Allowed, again.Allowed));
        Assert.Equal("operators/tool", set.Levels[^1].Level);
    }

    private static CreateNameRuleRequest Rule(string level, string pattern) =>
        new() { NameRule = new NameRule { Level = level, Effect = NameRule.Types.Effect.Allow, Pattern = pattern } };

    private static IMessage Request(MessageParser parser, string? path, string resource)
    {
        var request = parser.ParseFrom(ByteString.Empty);
        if (path is null or "-") return request;
        IMessage at = request;
        var parts = path.Split('.');
        foreach (var part in parts[..^1])
        {
            var field = at.Descriptor.FindFieldByName(part);
            var nested = field.MessageType.Parser.ParseFrom(ByteString.Empty);
            field.Accessor.SetValue(at, nested);
            at = nested;
        }
        at.Descriptor.FindFieldByName(parts[^1]).Accessor.SetValue(at, resource);
        return request;
    }
}

using System.Security.Cryptography.X509Certificates;
using Google.Rpc;
using Grpc.Core;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.ControlPlane.Tests.Operators;
using GrpcCa.V1;
using Microsoft.Extensions.DependencyInjection;

namespace GrpcCa.ControlPlane.Tests.Approvals;

/// <summary>Acts that need a second operator: asked by one, decided by another, carried out once, under the rules of then.</summary>
public sealed class ApprovalTests : IAsyncLifetime
{
    private readonly RunningControlPlane plane = new();
    private X509Certificate2 alice = null!;
    private X509Certificate2 bob = null!;

    public async ValueTask InitializeAsync()
    {
        await plane.InitializeAsync();
        alice = await plane.OperatorAsync("alice", Role.Owner);
        bob = await plane.OperatorAsync("bob", Role.Operator);
        await Approvals(alice).SetApprovalDemandAsync(new() { Resource = "provisioners/acme", Required = true });
    }

    public async ValueTask DisposeAsync()
    {
        alice.Dispose();
        bob.Dispose();
        await plane.DisposeAsync();
    }

    [Fact]
    public void MarkedMethods_CanAllBeCarriedOut()
    {
        var calls = plane.Services.GetRequiredService<ApprovedCalls>().Methods.Order(StringComparer.Ordinal);

        Assert.Equal(ApprovalGate.Marked.Keys.Order(StringComparer.Ordinal), calls);
        Assert.NotEmpty(ApprovalGate.Marked);
    }

    [Fact]
    public async Task Wish_ApprovedByAnother_IsCarriedOutOnceForTheAsker()
    {
        var asked = await AskAsync(() => Names(bob).CreateNameRuleAsync(Rule("exact:two.test", "r1")));
        var again = await AskAsync(() => Names(bob).CreateNameRuleAsync(Rule("exact:two.test", "r2")));
        var pending = await Approvals(alice).GetApprovalAsync(new() { Name = asked });
        var own = await FailAsync(() => ApproveAsync(bob, asked));
        var forged = await FailAsync(() => Approvals(alice).ApproveApprovalAsync(new() { Name = asked, RequestSha256 = new string('0', 64) }).ResponseAsync);

        var done = await ApproveAsync(alice, asked);
        var twice = await FailAsync(() => ApproveAsync(alice, asked));
        var repeated = await Names(bob).CreateNameRuleAsync(Rule("exact:two.test", "r1"));

        Assert.Equal(asked, again);
        Assert.Equal(("add the rule 'allow exact:two.test' to provisioners/acme", "operators/bob", Approval.Types.State.Pending), (pending.Summary, pending.Asker, pending.State));
        Assert.Contains("exact:two.test", pending.RequestJson, StringComparison.Ordinal);
        Assert.Equal((StatusCode.PermissionDenied, StatusCode.InvalidArgument), (own.StatusCode, forged.StatusCode));
        Assert.Equal((Approval.Types.State.Done, "operators/alice"), (done.State, done.Decider));
        Assert.Equal(StatusCode.FailedPrecondition, twice.StatusCode);
        Assert.Equal("operators/bob", repeated.Creator);
        var rules = await Names(alice).ListNameRulesAsync(new() { Filter = "level = \"provisioners/acme\" AND pattern = \"exact:two.test\"" });
        Assert.Equal(repeated.Name, Assert.Single(rules.NameRules).Name);
        var audit = (await new AuditService.AuditServiceClient(plane.Remote(alice)).ListAuditEventsAsync(new())).AuditEvents;
        Assert.Contains(audit, e => e.Action == "approval.approve" && e.Actor == "operators/alice" && e.CanonicalJson.Contains("\"asker\":\"operators/bob\"", StringComparison.Ordinal));
        Assert.Contains(audit, e => e.Action == "nameRule.create" && e.Actor == "operators/bob");
    }

    [Fact]
    public async Task Wish_ApprovedByManyAtOnce_IsCarriedOutOnce()
    {
        var asked = await AskAsync(() => Names(bob).CreateNameRuleAsync(Rule("exact:race.test")));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            try
            {
                return (await ApproveAsync(alice, asked)).State.ToString();
            }
            catch (RpcException fault)
            {
                return fault.StatusCode.ToString();
            }
        }));

        Assert.Single(outcomes, o => o == "Done");
        Assert.All(outcomes.Where(o => o != "Done"), o => Assert.Equal("FailedPrecondition", o));
    }

    [Fact]
    public async Task Narrowing_NeedsNobody()
    {
        var deny = Rule("exact:no.test");
        deny.NameRule.Effect = NameRule.Types.Effect.Deny;
        var made = await Names(bob).CreateNameRuleAsync(deny);
        var question = Rule("exact:question.test");
        question.ValidateOnly = true;
        await Names(bob).CreateNameRuleAsync(question);
        await Names(bob).CreateNameRuleAsync(new() { NameRule = new() { Level = "provisioners/nixos", Effect = NameRule.Types.Effect.Allow, Pattern = "exact:free.test" } });
        await Provisioners(bob).UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/acme", Disabled = true }, UpdateMask = new() { Paths = { "disabled" } } });

        await AskAsync(() => Names(bob).DeleteNameRuleAsync(new() { Name = made.Name }));
        await AskAsync(() => Provisioners(bob).UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/acme" }, UpdateMask = new() { Paths = { "disabled" } } }));
    }

    [Fact]
    public async Task WaysAround_AreClosed()
    {
        await AskAsync(() => Provisioners(bob).UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/acme", DisplayName = "x" } }));
        await AskAsync(() => Provisioners(bob).DeleteProvisionerAsync(new() { Name = "provisioners/acme", Force = true }));
        await AskAsync(() => new StateService.StateServiceClient(plane.Remote(bob)).ApplyStateAsync(new() { State = new() }));
        await AskAsync(() => Approvals(alice).SetApprovalDemandAsync(new() { Resource = "provisioners/acme" }));
        var acme = await Provisioners(bob).GetProvisionerAsync(new() { Name = "provisioners/acme" });
        await AskAsync(() => new ProfileService.ProfileServiceClient(plane.Remote(bob)).UpdateProfileAsync(new() { Profile = new() { Name = acme.DefaultProfile, Description = "y" } }));
        var second = await FailAsync(() => new OperatorService.OperatorServiceClient(plane.Remote(alice))
            .CreateOperatorAsync(new() { OperatorId = "alice2", Operator = new() { Role = Role.Owner } }).ResponseAsync);
        var raise = await FailAsync(() => new OperatorService.OperatorServiceClient(plane.Remote(alice))
            .UpdateOperatorAsync(new() { Operator = new() { Name = "operators/bob", Role = Role.Owner } }).ResponseAsync);

        Assert.Equal((StatusCode.FailedPrecondition, StatusCode.FailedPrecondition), (second.StatusCode, raise.StatusCode));
    }

    [Fact]
    public async Task Authority_ThatDemands_SpeaksForItsProvisioners()
    {
        await Approvals(alice).SetApprovalDemandAsync(new() { Resource = "authorities/main", Required = true });

        await AskAsync(() => Names(bob).CreateNameRuleAsync(new() { NameRule = new() { Level = "provisioners/nixos", Effect = NameRule.Types.Effect.Allow, Pattern = "exact:a.test" } }));
        await AskAsync(() => Provisioners(bob).CreateProvisionerAsync(new()
        {
            ProvisionerId = "side",
            Provisioner = new() { Authority = "authorities/main", DefaultProfile = "profiles/server", Acme = new() },
        }));
        var demands = await Approvals(bob).ListApprovalDemandsAsync(new());
        Assert.Equal(["authorities/main", "provisioners/acme"], demands.ApprovalDemands.Select(d => d.Resource));
    }

    [Fact]
    public async Task Provisioner_ThatRenewsForOneThatDemands_WaitsToo()
    {
        Provisioner Renewing(params string[] ids) => new() { Authority = "authorities/main", DefaultProfile = "profiles/server", Renewal = new() { Provisioners = { ids } } };
        UpdateProvisionerRequest Update(Action<Provisioner> change)
        {
            var request = new UpdateProvisionerRequest { Provisioner = new() { Name = "provisioners/nixos-again" } };
            change(request.Provisioner);
            return request;
        }
        await AskAsync(() => Provisioners(bob).CreateProvisionerAsync(new() { ProvisionerId = "acme-again", Provisioner = Renewing("provisioners/acme") }));
        await Provisioners(bob).CreateProvisionerAsync(new() { ProvisionerId = "nixos-again", Provisioner = Renewing("provisioners/nixos") });
        await Provisioners(bob).UpdateProvisionerAsync(Update(p => p.DisplayName = "free"));

        var asked = await AskAsync(() => Provisioners(bob).UpdateProvisionerAsync(Update(p => p.Renewal = new() { Provisioners = { "provisioners/nixos", "provisioners/acme" } })));

        Assert.Equal(Approval.Types.State.Done, (await ApproveAsync(alice, asked)).State);
        await AskAsync(() => Provisioners(bob).UpdateProvisionerAsync(Update(p => p.DefaultProfile = "profiles/nixos")));
    }

    [Fact]
    public async Task Demand_TakenBack_WithASecondOperator_IsGone()
    {
        var asked = await AskAsync(() => Approvals(alice).SetApprovalDemandAsync(new() { Resource = "provisioners/acme" }));
        var tooLow = await FailAsync(() => ApproveAsync(bob, asked));

        // The admin socket is an owner, too.
        var done = await ApproveAsync(null, asked);

        Assert.Equal(StatusCode.PermissionDenied, tooLow.StatusCode);
        Assert.Equal(Approval.Types.State.Done, done.State);
        Assert.Empty((await Approvals(bob).ListApprovalDemandsAsync(new())).ApprovalDemands);
        await Names(bob).CreateNameRuleAsync(Rule("exact:free-again.test"));
    }

    [Fact]
    public async Task Wish_OfSomebodyDisabled_OrAgainstTheRulesOfNow_IsNotCarriedOut()
    {
        using var carol = await plane.OperatorAsync("carol", Role.Operator);
        var gone = await AskAsync(() => Names(carol).CreateNameRuleAsync(Rule("exact:gone.test")));
        var clash = await AskAsync(() => Names(bob).CreateNameRuleAsync(Rule("exact:clash.test")));
        var first = await AskAsync(() => Names(alice).CreateNameRuleAsync(Rule("exact:clash.test")));
        await ApproveAsync(bob, first);
        await new OperatorService.OperatorServiceClient(plane.Admin()).DisableOperatorAsync(new() { Name = "operators/carol" });

        var refused = await FailAsync(() => ApproveAsync(alice, gone));
        var failed = await ApproveAsync(alice, clash);

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Equal(Approval.Types.State.Failed, failed.State);
        Assert.NotEmpty(failed.Outcome);
    }

    [Fact]
    public async Task Wish_Rejected_IsOver_AndTheListSaysSo()
    {
        var asked = await AskAsync(() => Names(bob).CreateNameRuleAsync(Rule("exact:rejected.test")));
        var other = await AskAsync(() => Names(bob).CreateNameRuleAsync(Rule("exact:waiting.test")));

        var ended = await Approvals(bob).RejectApprovalAsync(new() { Name = asked, Reason = "a mistake" });
        var late = await FailAsync(() => ApproveAsync(alice, asked));
        var pending = await Approvals(alice).ListApprovalsAsync(new() { Filter = "state = PENDING AND asker = \"operators/bob\"" });
        var garbage = await FailAsync(() => Approvals(alice).ListApprovalsAsync(new() { Filter = "state = SOON" }).ResponseAsync);

        Assert.Equal((Approval.Types.State.Rejected, "a mistake"), (ended.State, ended.Outcome));
        Assert.Equal(StatusCode.FailedPrecondition, late.StatusCode);
        Assert.Equal([other], pending.Approvals.Select(a => a.Name));
        Assert.Equal("filter", Assert.Single(garbage.Fields()));
    }

    [Fact]
    public async Task LocalAdmins_AreOnePerson_AndDemandNothingTheyCannotTakeBack()
    {
        await using var bare = new RunningControlPlane();
        await bare.InitializeAsync();
        var lonely = await FailAsync(() => new ApprovalService.ApprovalServiceClient(bare.Admin())
            .SetApprovalDemandAsync(new() { Resource = "provisioners/acme", Required = true }).ResponseAsync);
        var asked = await AskAsync(() => Names(null).CreateNameRuleAsync(Rule("exact:local.test")));
        var own = await FailAsync(() => ApproveAsync(null, asked));

        Assert.Equal(StatusCode.FailedPrecondition, lonely.StatusCode);
        Assert.Equal(StatusCode.PermissionDenied, own.StatusCode);
        Assert.Equal(Approval.Types.State.Done, (await ApproveAsync(bob, asked)).State);
    }

    private CallInvoker As(X509Certificate2? identity) => identity is null ? plane.Admin() : plane.Remote(identity);

    private NameService.NameServiceClient Names(X509Certificate2? identity) => new(As(identity));

    private ProvisionerService.ProvisionerServiceClient Provisioners(X509Certificate2 identity) => new(As(identity));

    private ApprovalService.ApprovalServiceClient Approvals(X509Certificate2? identity) => new(As(identity));

    private async Task<Approval> ApproveAsync(X509Certificate2? identity, string name)
    {
        var asked = await Approvals(identity).GetApprovalAsync(new() { Name = name });
        return await Approvals(identity).ApproveApprovalAsync(new() { Name = name, RequestSha256 = asked.RequestSha256 });
    }

    // The answer to a call that has to wait; its name is in the details.
    private static async Task<string> AskAsync<T>(Func<AsyncUnaryCall<T>> call)
    {
        var fault = await Assert.ThrowsAsync<RpcException>(async () => await call());
        var info = fault.GetRpcStatus()!.GetDetail<ErrorInfo>();
        Assert.Equal((StatusCode.FailedPrecondition, "APPROVAL_REQUIRED"), (fault.StatusCode, info.Reason));
        return info.Metadata["approval"];
    }

    private static Task<RpcException> FailAsync<T>(Func<Task<T>> call) => Assert.ThrowsAsync<RpcException>(async () => await call());

    private static CreateNameRuleRequest Rule(string pattern, string requestId = "") =>
        new() { NameRule = new() { Level = "provisioners/acme", Effect = NameRule.Types.Effect.Allow, Pattern = pattern }, RequestId = requestId };
}

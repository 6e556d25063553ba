using Google.Rpc;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.ControlPlane.Tests.Storage;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Operators;

/// <summary>Two control planes on one store: what one is told holds for the other at the next call, on both engines.</summary>
[Collection(PostgresGroup.Name)]
public sealed class ReplicaTests(PostgresFixture postgres)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatOneIsTold_HoldsForTheOtherAtTheNextCall(bool onPostgresql)
    {
        await using var first = new RunningControlPlane();
        if (onPostgresql) first.Use(new("Storage:Provider", "postgresql"), new("Storage:ConnectionFile", await postgres.Server.CreateDatabaseAsync()));
        await first.InitializeAsync();
        await using var second = new RunningControlPlane();
        await second.JoinAsync(first);
        using var alice = await first.OperatorAsync("alice", Role.Owner);
        using var bob = await first.OperatorAsync("bob", Role.Operator);
        var names = new NameService.NameServiceClient(second.Remote(bob));
        await names.ListNameRulesAsync(new());

        // A demand made at one is heard at the other; what is asked there is approved here, once.
        await new ApprovalService.ApprovalServiceClient(first.Remote(alice)).SetApprovalDemandAsync(new() { Resource = "provisioners/acme", Required = true });
        var waits = await Assert.ThrowsAsync<RpcException>(async () => await names.CreateNameRuleAsync(Rule("exact:replica.test")));
        var name = waits.GetRpcStatus()!.GetDetail<ErrorInfo>().Metadata["approval"];
        var outcomes = await Task.WhenAll(new[] { first, second, first, second }.Select(async plane =>
        {
            var approvals = new ApprovalService.ApprovalServiceClient(plane.Remote(alice));
            var asked = await approvals.GetApprovalAsync(new() { Name = name });
            try
            {
                return (await approvals.ApproveApprovalAsync(new() { Name = name, RequestSha256 = asked.RequestSha256 })).State.ToString();
            }
            catch (RpcException fault)
            {
                return fault.StatusCode.ToString();
            }
        }));
        var rules = await names.ListNameRulesAsync(new() { Filter = "level = \"provisioners/acme\" AND pattern = \"exact:replica.test\"" });

        // Bound here, held there; disabled here, refused there: on the connection that is open.
        var operators = new OperatorService.OperatorServiceClient(first.Admin());
        await operators.UpdateOperatorAsync(new() { Operator = new() { Name = "operators/bob", Provisioners = { "provisioners/nixos" } } });
        var bound = await Assert.ThrowsAsync<RpcException>(async () => await names.DeleteNameRuleAsync(new() { Name = rules.NameRules[0].Name }));
        await operators.DisableOperatorAsync(new() { Name = "operators/bob" });
        var disabled = await Assert.ThrowsAsync<RpcException>(async () => await names.ListNameRulesAsync(new()));

        Assert.Equal("APPROVAL_REQUIRED", waits.Reason());
        Assert.Single(outcomes, o => o == "Done");
        Assert.Single(rules.NameRules);
        Assert.Equal(StatusCode.PermissionDenied, bound.StatusCode);
        Assert.Equal("CALLER_DISABLED", disabled.Reason());
    }

    private static CreateNameRuleRequest Rule(string pattern) =>
        new() { NameRule = new() { Level = "provisioners/acme", Effect = NameRule.Types.Effect.Allow, Pattern = pattern } };
}

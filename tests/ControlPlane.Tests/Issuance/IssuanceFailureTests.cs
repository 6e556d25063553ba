using System.Security.Cryptography;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Issuance.Lint;

namespace GrpcCa.ControlPlane.Tests.Issuance;

public sealed class IssuanceFailureTests : IAsyncLifetime
{
    private CorridorHouse house = null!;

    public static TheoryData<string> Steps => [.. IssuanceSteps.All];

    private CertificateSpec Leaf => house.Scene.Spec(CertificateRole.Leaf);

    public async ValueTask InitializeAsync() => house = await CorridorHouse.OpenAsync();

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    public async Task IssueAsync_EveryMutant_IsRefusedBeforeSigning()
    {
        foreach (var mutant in Mutants.All)
        {
            var spec = mutant.SpecIn(house.Scene);
            var corridor = house.Corridor(build: (s, serial, signer) => mutant.Break(house.Scene, TbsParts.Of(TbsBuilder.Build(s, serial, signer))));
            var refused = await Assert.ThrowsAsync<LintException>(() =>
                corridor.IssueAsync(CorridorHouse.PermitFor(spec), spec, house.Context(), CancellationToken.None));
            Assert.Contains(refused.Findings, finding => finding.Rule == mutant.Rule);
        }

        Assert.Empty(house.Signatures.Notes);
        Assert.All(await house.PlansAsync(), plan => Assert.Equal("never_issued", plan.Outcome));
        Assert.Equal(Mutants.All.Count, house.Failed.Count);
        await house.CheckInvariantsAsync();
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task IssueAsync_FailureAtAnyStep_LeavesADeadSerialAndNoCertificate(string step)
    {
        var corridor = house.Corridor(failPoints: new FailPoints(reached =>
        {
            if (reached == step) throw new IOException("stopped here");
        }));
        await Assert.ThrowsAsync<IOException>(() => corridor.IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, house.Context(), CancellationToken.None));

        // Before the plan there is nothing; after the final transaction the certificate is issued, whatever happens next.
        string[] outcome = step switch { IssuanceSteps.Built => [], IssuanceSteps.Recorded => ["issued"], _ => ["never_issued"] };
        Assert.Equal(outcome, (await house.PlansAsync()).Select(plan => plan.Outcome));
        Assert.Equal(outcome is ["never_issued"] ? 1 : 0, house.Failed.Count);
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task IssueAsync_SignerFails_ClosesThePlanAndTellsTheCause()
    {
        house.Provider.Failure = () => new KeyUnavailableException("the token was pulled out");

        await Assert.ThrowsAsync<KeyUnavailableException>(() => house.IssueAsync(Leaf));
        await EndsAsNeverIssuedAsync();
    }

    [Fact]
    public async Task IssueAsync_SignatureThatDoesNotVerify_IsThrownAway()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        house.Provider.Corruption = _ => other.SignData("x"u8.ToArray(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

        var refused = await Assert.ThrowsAsync<ReadBackException>(() => house.IssueAsync(Leaf));
        Assert.Contains("signature", refused.Message, StringComparison.Ordinal);
        await EndsAsNeverIssuedAsync();
    }

    [Fact]
    public async Task IssueAsync_FinalTransactionRefused_UndoesAllOfIt()
    {
        var corridor = house.Corridor();
        var context = house.Context();
        await Assert.ThrowsAsync<RefusalException>(() => corridor.IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, context with
        {
            OnIssued = async (session, issued) =>
            {
                await context.OnIssued(session, issued);
                throw new RefusalException(RefusalReason.Unauthorized, "the account was deactivated meanwhile");
            },
        }, CancellationToken.None));
        await EndsAsNeverIssuedAsync();
    }

    [Fact]
    public async Task IssueAsync_PlanRefusedByTheOrder_LeavesNoPlan()
    {
        await Assert.ThrowsAsync<RefusalException>(() => house.Corridor().IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, house.Context() with
        {
            OnPlanned = (_, _) => throw new RefusalException(RefusalReason.OrderNotReady, "another finalize won"),
        }, CancellationToken.None));

        Assert.Empty(await house.PlansAsync());
        Assert.Empty(house.Failed);
        Assert.Empty(house.Signatures.Notes);
    }

    [Theory]
    [InlineData(0, WriteFault.Before, 0, 0, 0)]
    [InlineData(0, WriteFault.After, 1, 0, 1)]
    [InlineData(1, WriteFault.Before, 1, 0, 1)]
    [InlineData(1, WriteFault.After, 1, 1, 0)]
    public async Task IssueAsync_StoreFailsAtAWrite_KeepsEveryInvariant(int write, WriteFault fault, int plans, int certificates, int failed)
    {
        house.Store.Restart(number => number == write ? fault : null);
        await Assert.ThrowsAsync<IOException>(() => house.IssueAsync(Leaf));

        Assert.Equal((plans, certificates, failed), ((await house.PlansAsync()).Count, (await house.CertificatesAsync()).Count, house.Failed.Count));
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task CloseLeftOpenAsync_OnceTheStoreWritesAgain_EndsWhatHung()
    {
        var corridor = house.Corridor();
        // The record and the closing after it fail, and the first try later: the disk is full.
        house.Store.Restart(number => number is >= 1 and <= 3 ? WriteFault.Unavailable : null);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => corridor.IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, house.Context(), CancellationToken.None));
        Assert.Empty(house.Failed);

        Assert.Equal(1, await corridor.CloseLeftOpenAsync(CancellationToken.None));
        Assert.Empty(house.Failed);
        Assert.Equal(0, await corridor.CloseLeftOpenAsync(CancellationToken.None));

        Assert.Single(house.Failed);
        Assert.Empty(await house.CertificatesAsync());
        await EndsAsNeverIssuedAsync();
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task IssueAsync_LeafThatOutlivesItsIssuer_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<LintException>(() => house.IssueAsync(Leaf with { NotAfter = Scene.Now.AddDays(3650).AddSeconds(1) }));

        Assert.Equal(["validity-within-issuer"], refused.Findings.Select(f => f.Rule));
        await EndsAsNeverIssuedAsync();
        Assert.NotNull(await house.IssueAsync(Leaf with { NotAfter = Scene.Now.AddDays(3650) }));
    }

    [Fact]
    public async Task IssueAsync_PermitSpentBefore_PlansNothing()
    {
        var permit = CorridorHouse.PermitFor(Leaf);
        var corridor = house.Corridor();
        await corridor.IssueAsync(permit, Leaf, house.Context(), CancellationToken.None);

        await Assert.ThrowsAsync<InvalidOperationException>(() => corridor.IssueAsync(permit, Leaf, house.Context("orders/2"), CancellationToken.None));
        Assert.Single(await house.PlansAsync());
        Assert.Single(house.Signatures.Notes);
    }

    [Fact]
    public async Task IssueAsync_OnePermitManyAtOnce_IssuesOnce()
    {
        var permit = CorridorHouse.PermitFor(Leaf);
        var corridor = house.Corridor();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(async () =>
        {
            try
            {
                await corridor.IssueAsync(permit, Leaf, house.Context($"orders/{i}"), CancellationToken.None);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        })));

        Assert.Single(outcomes, issued => issued);
        Assert.Single(await house.PlansAsync());
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task IssueAsync_PermitBoundToOtherBytes_PlansNothing()
    {
        var permit = CorridorHouse.PermitFor(Leaf);
        permit.Bind(PermitKind.Leaf, "other bytes"u8);

        await Assert.ThrowsAsync<InvalidOperationException>(() => house.Corridor().IssueAsync(permit, Leaf, house.Context(), CancellationToken.None));
        Assert.Empty(await house.PlansAsync());
        Assert.Empty(house.Signatures.Notes);
    }

    [Fact]
    public async Task IssueAsync_PermitOfEveryOtherKind_PlansNothing()
    {
        foreach (var role in Enum.GetValues<CertificateRole>())
        {
            var spec = house.Scene.Spec(role);
            foreach (var kind in Enum.GetValues<PermitKind>().Where(kind => kind != spec.Kind))
                await Assert.ThrowsAsync<InvalidOperationException>(() =>
                    house.Corridor().IssueAsync(new SigningPermit(kind, spec.Issuer.Key), spec, house.Context(), CancellationToken.None));
        }
        Assert.Empty(await house.PlansAsync());
    }

    [Fact]
    public async Task IssueAsync_PermitForAnotherKey_PlansNothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            house.Corridor().IssueAsync(new SigningPermit(PermitKind.Leaf, Scene.RootUri), Leaf, house.Context(), CancellationToken.None));
        Assert.Empty(await house.PlansAsync());
    }

    [Fact]
    public async Task IssueAsync_KeyThatIsNotTheIssuers_PlansNothing()
    {
        var spec = Leaf with { Issuer = house.Scene.Issuer with { Key = Scene.IdentityUri } };

        await Assert.ThrowsAsync<InvalidOperationException>(() => house.IssueAsync(spec));
        Assert.Empty(await house.PlansAsync());
        Assert.Empty(house.Signatures.Notes);
    }

    [Fact]
    public async Task IssueAsync_RootSignedByAnotherKeyThanItsOwn_PlansNothing()
    {
        var spec = house.Scene.Spec(CertificateRole.Root) with { Key = Scene.PublicOf(house.Scene.LeafKey) };

        await Assert.ThrowsAsync<InvalidOperationException>(() => house.IssueAsync(spec));
        Assert.Empty(await house.PlansAsync());
    }

    [Fact]
    public async Task IssueAsync_CancelledBeforeThePlan_PlansNothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            house.Corridor().IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, house.Context(), cancelled.Token));
        Assert.Empty(await house.PlansAsync());
    }

    [Fact]
    public async Task IssueAsync_CancelledAfterThePlan_FinishesAllTheSame()
    {
        using var leaving = new CancellationTokenSource();
        var corridor = house.Corridor(failPoints: new FailPoints(step =>
        {
            if (step == IssuanceSteps.Planned) leaving.Cancel();
        }));

        var issued = await corridor.IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, house.Context(), leaving.Token);
        Assert.Equal(issued.Der, Assert.Single(await house.CertificatesAsync()).Der);
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task IssueAsync_ProfileChangedBetweenLintAndSignature_SignsWhatWasRecorded()
    {
        var changed = false;
        var corridor = house.Corridor(
            failPoints: new FailPoints(step => changed |= step == IssuanceSteps.Linted),
            build: (spec, serial, signer) => TbsBuilder.Build(changed ? spec with { NotAfter = spec.NotAfter.AddDays(1) } : spec, serial, signer));

        var issued = await corridor.IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, house.Context(), CancellationToken.None);
        Assert.True(changed);
        Assert.Equal(Leaf.NotAfter, issued.Spec.NotAfter);
        await house.CheckInvariantsAsync();
    }

    private async Task EndsAsNeverIssuedAsync()
    {
        Assert.Equal("never_issued", Assert.Single(await house.PlansAsync()).Outcome);
        Assert.Empty(await house.CertificatesAsync());
        Assert.Single(house.Failed);
        await house.CheckInvariantsAsync();
    }
}

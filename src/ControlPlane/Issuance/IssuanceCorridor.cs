using System.Collections.Concurrent;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>
/// The one way to a certificate, of any role: permit, plan recorded, lint, signature, read back, certificate recorded.
/// Once a plan is recorded it ends as issued or never issued, whatever the one who asked does meanwhile.
/// </summary>
internal sealed class IssuanceCorridor(
    IStore store, SigningDesk desk, IssuanceOptions options, TimeProvider time, FailPoints failPoints, ILogger<IssuanceCorridor> log)
{
    private const int RecoveryBatch = 100, MostLeftOpen = 10_000;

    // Plans that could not even be closed, with what their rooms write then; mostly none.
    private readonly ConcurrentDictionary<SerialNumber, Func<StoreSession, ValueTask>> leftOpen = new();

    /// <summary>Replaced by tests that hand the lint a mutant.</summary>
    internal BuildTbs Build { get; init; } = TbsBuilder.Build;

    /// <summary>Makes the certificate that <paramref name="spec"/> describes, or nothing.</summary>
    /// <exception cref="InvalidOperationException">The permit is spent or for something else; nothing was planned.</exception>
    /// <exception cref="LintException">The bytes break a rule; an internal fault, nothing was signed.</exception>
    /// <exception cref="ReadBackException">The signed certificate is not what was planned; it is thrown away.</exception>
    public async Task<IssuedCertificate> IssueAsync(
        SigningPermit permit, CertificateSpec spec, IssuanceContext context, CancellationToken cancellationToken)
    {
        if (permit.Kind != spec.Kind) throw new InvalidOperationException($"a permit for {permit.Kind} is none for the role {spec.Role}");
        if (permit.Key != spec.Issuer.Key) throw new InvalidOperationException($"the permit is for {permit.Key}, not for the key of {spec.Issuer.Name}");
        var issuer = await IssuerReading.OfAsync(spec, desk, cancellationToken);
        var serial = SerialNumber.New();
        var tbs = Build(spec, serial, issuer.Algorithm);
        permit.Bind(spec.Kind, tbs);
        failPoints.Reach(IssuanceSteps.Built);
        cancellationToken.ThrowIfCancellationRequested();
        return await CarryOutAsync(new Work(permit, spec, context, issuer, serial, tbs));
    }

    /// <summary>
    /// At start: closes this replica's unfinished plans, and stale ones of others, as never issued. Nothing is completed:
    /// signing the same bytes twice would make two certificates of one serial number.
    /// </summary>
    /// <param name="onNeverIssued">Runs in each plan's transaction, with its purpose and serial.</param>
    /// <param name="cancellationToken">Stops between two plans.</param>
    /// <returns>How many were closed.</returns>
    public async Task<int> RecoverAsync(Func<StoreSession, string, SerialNumber, ValueTask> onNeverIssued, CancellationToken cancellationToken)
    {
        var recovered = 0;
        while (true)
        {
            var staleBefore = time.GetUtcNow() - options.StaleAfter;
            var open = await store.ReadAsync(
                session => IssuancePlanStore.ListOpenAsync(session, options.ReplicaId, staleBefore, RecoveryBatch), cancellationToken);
            if (open.Count == 0) return recovered;
            foreach (var plan in open)
            {
                // A full disk is no reason not to start: who starts may want to revoke.
                var closed = await CloseAsNeverIssuedAsync(
                    plan.Serial, session => onNeverIssued(session, plan.Purpose, plan.Serial), cancellationToken, Urgency.Urgent);
                if (!closed) continue;
                recovered++;
                log.Recovered(plan.Serial, plan.Purpose, plan.ReplicaId);
            }
        }
    }

    /// <summary>
    /// Closes what the store did not let be closed when it failed (a full disk): the order that waits for it ends soon after
    /// there is room, without a restart.
    /// </summary>
    /// <returns>How many are still open.</returns>
    public async Task<int> CloseLeftOpenAsync(CancellationToken cancellationToken)
    {
        foreach (var (serial, onFailed) in leftOpen)
        {
            try
            {
                await CloseAsNeverIssuedAsync(serial, onFailed, cancellationToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // It was told when it was left; the others would fare no better.
                break;
            }
            leftOpen.TryRemove(serial, out _);
            log.ClosedLate(serial);
        }
        return leftOpen.Count;
    }

    /// <summary>From here on the client's cancellation counts no more.</summary>
    private async Task<IssuedCertificate> CarryOutAsync(Work work)
    {
        var planned = false;
        try
        {
            planned = await PlanAsync(work);
            failPoints.Reach(IssuanceSteps.Planned);
            Lint(work);
            failPoints.Reach(IssuanceSteps.Linted);
            var signature = await desk.SignAsync(work.Permit, work.Tbs, CancellationToken.None);
            failPoints.Reach(IssuanceSteps.Signed);
            var issued = new IssuedCertificate(work.Serial, SignedCertificate.Assemble(work.Tbs, signature), work.Spec);
            ReadBack.Check(issued.Der, work.Tbs, work.Spec, work.Serial, work.Issuer);
            failPoints.Reach(IssuanceSteps.ReadBack);
            await RecordAsync(work, issued);
            failPoints.Reach(IssuanceSteps.Recorded);
            log.Issued(work.Serial, work.Spec.Role, work.Spec.Issuer.Name, work.Context.Purpose, work.Context.Actor, issued.Sha256Hex, work.Spec.NotAfter);
            return issued;
        }
        // A refusal by OnPlanned undid the plan; after any other fault of the store it may be there all the same.
        catch (Exception fault) when (planned || fault is not RefusalException)
        {
            await AbandonAsync(work, fault);
            throw;
        }
    }

    private Task<bool> PlanAsync(Work work)
    {
        var plan = new IssuancePlan
        {
            Serial = work.Serial,
            Kind = work.Spec.Kind.ToString(),
            Role = work.Spec.Role.ToString(),
            Purpose = work.Context.Purpose,
            Issuer = work.Spec.Issuer.Name,
            ReplicaId = options.ReplicaId,
            CreatedAt = time.GetUtcNow(),
            Tbs = work.Tbs,
            TbsSha256 = SHA256.HashData(work.Tbs),
        };
        return store.WriteAsync(async session =>
        {
            await IssuancePlanStore.AddAsync(session, plan);
            if (work.Context.OnPlanned is { } onPlanned) await onPlanned(session, work.Serial);
            return true;
        }, CancellationToken.None, work.Context.Urgency);
    }

    private void Lint(Work work)
    {
        var findings = TbsLint.Check(work.Tbs, work.Spec, work.Serial, work.Issuer.Facts);
        if (findings.IsEmpty) return;
        foreach (var finding in findings)
            log.LintFound(work.Serial, work.Spec.Role, work.Context.Purpose, finding.Rule, finding.Section, finding.Message);
        throw new LintException(findings);
    }

    private Task<IssuedCertificate> RecordAsync(Work work, IssuedCertificate issued) => store.ActAsync(async session =>
    {
        // First, so that a plan that another replica took for stale and closed undoes everything.
        if (!await IssuancePlanStore.CloseAsync(session, work.Serial, IssuancePlan.Issued, time.GetUtcNow()))
            throw new InvalidOperationException($"plan {work.Serial} is not open any more");
        return new Acted<IssuedCertificate>(issued, await work.Context.OnIssued(session, issued));
    }, CancellationToken.None, work.Context.Urgency);

    private async Task AbandonAsync(Work work, Exception fault)
    {
        var onFailed = work.Context.OnFailed ?? (static _ => ValueTask.CompletedTask);
        try
        {
            if (await CloseAsNeverIssuedAsync(work.Serial, onFailed, CancellationToken.None, work.Context.Urgency))
                log.NeverIssued(work.Serial, work.Spec.Role, work.Context.Purpose, fault.Message, Stack(fault));
            else
                log.PlanNotOpen(work.Serial, work.Context.Purpose, fault.Message, Stack(fault));
        }
        catch (Exception second)
        {
            // The first fault is the one to tell. The plan is closed once the store lets it, at the latest by recovery.
            if (leftOpen.Count < MostLeftOpen) leftOpen[work.Serial] = onFailed;
            log.PlanLeftOpen(work.Serial, work.Context.Purpose, second.Message, Stack(second));
        }
    }

    // A full disk is nobody's mistake in the code.
    private static Exception? Stack(Exception fault) => fault is StoreUnavailableException ? null : fault;

    private Task<bool> CloseAsNeverIssuedAsync(
        SerialNumber serial, Func<StoreSession, ValueTask> also, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        store.WriteAsync(async session =>
        {
            // False also when a plan that seemed to fail was kept as issued: then it stays issued.
            if (!await IssuancePlanStore.CloseAsync(session, serial, IssuancePlan.NeverIssued, time.GetUtcNow())) return false;
            await also(session);
            return true;
        }, cancellationToken, urgency);

    private sealed record Work(
        SigningPermit Permit, CertificateSpec Spec, IssuanceContext Context, IssuerReading Issuer, SerialNumber Serial, byte[] Tbs);
}

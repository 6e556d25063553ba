using System.Security.Cryptography;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Crls.Lint;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>
/// The one way to a revocation list: number taken, content read, bytes recorded, lint, permit spent, signature verified by
/// the other library, list and audit event recorded. It waits for nobody who issues certificates, and they do not wait for it.
/// </summary>
internal sealed class CrlSigner(
    IStore store, SigningDesk desk, CrlOptions options, IssuanceOptions replica, TimeProvider time, FailPoints failPoints, ILogger<CrlSigner> log)
    : IDisposable
{
    // One at a time in this process, so that an open plan of this replica is one that an earlier life left behind.
    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>Replaced by tests that hand the lint a mutant.</summary>
    internal BuildCrl Build { get; init; } = CrlBuilder.Build;

    /// <summary>Makes an issuer's next list; safe also when several do so at once, as each takes a number of its own.</summary>
    /// <exception cref="LintException">The bytes break a rule; an internal fault, nothing was signed.</exception>
    /// <exception cref="CrlSignatureException">The signature is none; the list is thrown away.</exception>
    public async Task<long> SignAsync(CrlIssuer issuer, string actor, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return await TakeTurnAsync(issuer, actor, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task<long> TakeTurnAsync(CrlIssuer issuer, string actor, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var key = await IssuerReading.OfAsync(issuer.SigningKey, desk, cancellationToken);
        var now = time.GetUtcNow();
        var state = await store.WriteAsync(session => CrlStore.ReserveAsync(session, issuer.Name, replica.ReplicaId, now - replica.StaleAfter, now), cancellationToken, Urgency.Urgent);
        failPoints.Reach(CrlSteps.Reserved);
        // After the reservation: whatever it counts as changed is in this snapshot.
        var work = await PrepareAsync(issuer, state, key, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        await CarryOutAsync(work, actor);
        log.CrlSigned(work.Spec.Number, issuer.Name, work.Spec.Entries.Count, work.Spec.NextUpdate, time.GetElapsedTime(began).TotalMilliseconds);
        return work.Spec.Number;
    }

    private async Task<Work> PrepareAsync(CrlIssuer issuer, CrlState state, IssuerReading key, CancellationToken cancellationToken)
    {
        var lifetime = options.LifetimeOf(issuer);
        var now = time.GetUtcNow();
        var thisUpdate = DateTimeOffset.FromUnixTimeSeconds((now - CrlOptions.Backdate).ToUnixTimeSeconds());
        var isFirst = state.ScheduledAt.ToUnixTimeMilliseconds() == 0;
        // RFC 5280 §3.3: an entry stays until a list that was due by time, later than the certificate's end, has had it; and
        // what has not ended stays, also when the clock was ahead.
        var from = isFirst || state.ScheduledAt > thisUpdate ? thisUpdate : state.ScheduledAt;
        var entries = await store.ReadAsync(session => RevokedStore.ListAsync(session, issuer.Name, from), cancellationToken);
        var spec = new CrlSpec(issuer.SigningKey, state.LastNumber, thisUpdate, thisUpdate + lifetime, entries);
        var isScheduled = isFirst || thisUpdate >= state.ScheduledAt + lifetime / 3;
        var tbs = Build(spec, key.Algorithm);
        return new Work(issuer, spec, key, tbs, SHA256.HashData(tbs), state.Changes, isScheduled ? thisUpdate : state.ScheduledAt, now + lifetime / 3);
    }

    // From the plan on nobody's cancelling counts.
    private async Task CarryOutAsync(Work work, string actor)
    {
        var permit = new SigningPermit(PermitKind.Crl, work.Issuer.SigningKey.Key);
        permit.Bind(PermitKind.Crl, work.Tbs);
        try
        {
            await PlanAsync(work);
            failPoints.Reach(CrlSteps.Planned);
            Lint(work);
            var signature = await desk.SignAsync(permit, work.Tbs, CancellationToken.None);
            failPoints.Reach(CrlSteps.Signed);
            var crl = SignedCrl.Assemble(work.Tbs, signature);
            CrlSignature.Check(crl, work.Tbs, work.Key.Key.SubjectPublicKeyInfo.Span, work.Key.Algorithm);
            await RecordAsync(work, signature, Convert.ToHexStringLower(SHA256.HashData(crl)), actor);
            failPoints.Reach(CrlSteps.Recorded);
        }
        catch (Exception fault)
        {
            await AbandonAsync(work, fault);
            throw;
        }
    }

    private Task<bool> PlanAsync(Work work) => store.WriteAsync(async session =>
    {
        var spec = work.Spec;
        await CrlStore.AddAsync(session, new CrlRow(
            work.Issuer.Name, spec.Number, spec.ThisUpdate, spec.NextUpdate, spec.Entries.Count, CrlStore.Planned, replica.ReplicaId,
            time.GetUtcNow(), null, work.TbsSha256, null), work.Tbs);
        return true;
    }, CancellationToken.None, Urgency.Urgent);

    private void Lint(Work work)
    {
        var findings = CrlLint.Check(work.Tbs, work.Spec, work.Key.Facts);
        if (findings.IsEmpty) return;
        foreach (var finding in findings) log.CrlLintFound(work.Spec.Number, work.Issuer.Name, finding.Rule, finding.Section, finding.Message);
        throw new LintException(findings);
    }

    private Task<bool> RecordAsync(Work work, byte[] signature, string sha256, string actor) => store.ActAsync(async session =>
    {
        var (name, number, now) = (work.Issuer.Name, work.Spec.Number, time.GetUtcNow());
        // Another process may have taken this plan for one that was left behind.
        if (!await CrlStore.SignAsync(session, name, number, signature, now)) throw new InvalidOperationException($"the plan of list {number} of {name} is not open any more");
        await CrlStore.PublishAsync(session, name, number, work.Covered, work.ScheduledAt, work.RefreshAt);
        return new Acted<bool>(true, new AuditEvent(now, "crl.sign", actor, work.Issuer.CrlName,
        [
            new("issuer", name),
            new("number", $"{number}"),
            new("nextUpdate", work.Spec.NextUpdate.ToString("yyyy-MM-ddTHH:mm:ssZ")),
            new("entries", $"{work.Spec.Entries.Count}"),
            new("sha256", sha256),
        ]));
    }, CancellationToken.None, Urgency.Urgent);

    private async Task AbandonAsync(Work work, Exception fault)
    {
        try
        {
            if (await store.WriteAsync(session => CrlStore.AbandonAsync(session, work.Issuer.Name, work.Spec.Number, time.GetUtcNow()), CancellationToken.None, Urgency.Urgent))
                log.CrlNeverSigned(work.Spec.Number, work.Issuer.Name, fault.Message);
        }
        catch (StoreUnavailableException)
        {
            // The first fault is the one to tell; the next reservation closes the plan.
        }
    }

    private sealed record Work(
        CrlIssuer Issuer, CrlSpec Spec, IssuerReading Key, byte[] Tbs, byte[] TbsSha256, long Covered, DateTimeOffset ScheduledAt, DateTimeOffset RefreshAt);
}

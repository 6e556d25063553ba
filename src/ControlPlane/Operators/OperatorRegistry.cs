using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Operators;

/// <summary>What owners do to operators: add, change, disable. Each is an audited act.</summary>
internal sealed class OperatorRegistry(IStore store, ProvisionerBook provisioners, JoinTokens tokens, TimeProvider time)
{
    /// <exception cref="RefusalException">NotFound.</exception>
    public async ValueTask<OperatorRecord> GetAsync(string id, CancellationToken cancellationToken) =>
        await store.ReadAsync(session => OperatorStore.FindAsync(session, id), cancellationToken) ?? throw Unknown(id);

    /// <summary>What <see cref="CreateAsync"/> would make, having changed nothing.</summary>
    public async Task<OperatorRecord> CheckAsync(string id, OperatorDraft draft, CancellationToken cancellationToken)
    {
        var record = await PrepareAsync(id, draft, cancellationToken);
        await store.ReadAsync(async session =>
        {
            await RefuseTakenAsync(session, await OperatorStore.FindAsync(session, id));
            return true;
        }, cancellationToken);
        return record;
    }

    /// <summary>
    /// Adds an operator and its login token. An id whose operator is disabled, or never used its token in time, is
    /// free again: what the old one could do is void.
    /// </summary>
    public async Task<(OperatorRecord Operator, DraftToken Token)> CreateAsync(
        string id, OperatorDraft draft, string actor, Alongside<OperatorRecord>? alongside, CancellationToken cancellationToken)
    {
        var record = await PrepareAsync(id, draft, cancellationToken);
        var token = await tokens.DraftAsync(cancellationToken);
        var created = await store.ActAsync(async session =>
        {
            var old = await OperatorStore.FindAsync(session, id);
            await RefuseTakenAsync(session, old);
            var next = old is null ? record : record with { Version = old.Version + 1 };
            var written = old is null ? await OperatorStore.AddAsync(session, next) : await OperatorStore.ReplaceAsync(session, old, next);
            if (!written) throw Taken(id);
            await JoinTokenStore.PutAsync(session, next.Name, token.SecretSha256, token.ExpiresAt);
            await Generation.BumpAsync(session);
            if (alongside is not null) await alongside(session, next);
            return Acted("operator.create", actor, null, next);
        }, cancellationToken);
        return (created, token);
    }

    /// <summary>Changes role and provisioners, from the next call on; a non-empty etag must be the current one.</summary>
    /// <param name="id">Which.</param>
    /// <param name="draft">What changes.</param>
    /// <param name="etag">The etag the caller saw; empty takes the current one.</param>
    /// <param name="by">Who, and whether an owner remains whatever happens.</param>
    /// <param name="dryRun">Checks and answers, changes nothing.</param>
    /// <param name="cancellationToken">The call's.</param>
    public async Task<OperatorRecord> UpdateAsync(string id, OperatorDraft draft, string etag, Owner by, bool dryRun, CancellationToken cancellationToken)
    {
        await CheckProvisionersAsync(draft, cancellationToken);
        async ValueTask<(OperatorRecord Old, OperatorRecord Next)> CheckedAsync(StoreSession session)
        {
            var old = await OperatorStore.FindAsync(session, id) ?? throw Unknown(id);
            if (etag.Length > 0 && etag != old.Etag) throw Changed(id, old);
            var next = draft.ApplyTo(old);
            await KeepAnOwnerAsync(session, old, next, by);
            return (old, next with { Version = old.Version + 1 });
        }
        if (dryRun) return (await store.ReadAsync(CheckedAsync, cancellationToken)).Next;
        return await store.ActAsync(async session =>
        {
            var (old, next) = await CheckedAsync(session);
            if (!await OperatorStore.ReplaceAsync(session, old, next)) throw Changed(id, old);
            await Generation.BumpAsync(session);
            return Acted("operator.update", by.Actor, old, next);
        }, cancellationToken);
    }

    /// <summary>Refuses the operator from the next call on, and voids its token.</summary>
    public Task<OperatorRecord> DisableAsync(string id, Owner by, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var old = await OperatorStore.FindAsync(session, id) ?? throw Unknown(id);
        var next = old with { Disabled = true, Version = old.Version + 1 };
        await KeepAnOwnerAsync(session, old, next, by);
        if (!await OperatorStore.ReplaceAsync(session, old, next)) throw Changed(id, old);
        await JoinTokenStore.VoidAsync(session, next.Name);
        await Generation.BumpAsync(session);
        return Acted("operator.disable", by.Actor, old, next);
    }, cancellationToken, Urgency.Urgent);

    // From afar nobody closes the door behind the last owner; whoever sits at the admin socket stays an owner.
    private static async ValueTask KeepAnOwnerAsync(StoreSession session, OperatorRecord old, OperatorRecord next, Owner by)
    {
        if (by.IsLocal || !old.IsReadyOwner || next.IsReadyOwner) return;
        var others = (await OperatorStore.ListAsync(session)).Any(o => o.Id != old.Id && o.IsReadyOwner);
        if (!others)
            throw new RefusalException(RefusalReason.FailedPrecondition,
                $"operator '{old.Id}' is the last owner with an identity; let another owner log in first, or do it on the admin socket");
    }

    private async ValueTask<OperatorRecord> PrepareAsync(string id, OperatorDraft draft, CancellationToken cancellationToken)
    {
        ChosenId.Check(id, "operator_id");
        await CheckProvisionersAsync(draft, cancellationToken);
        return draft.ApplyTo(new OperatorRecord
        {
            Id = id,
            Role = default,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()),
        });
    }

    private async ValueTask CheckProvisionersAsync(OperatorDraft draft, CancellationToken cancellationToken)
    {
        if (draft.ProvisionerIds is not { IsEmpty: false } ids) return;
        var book = await provisioners.CurrentAsync(cancellationToken);
        for (var i = 0; i < ids.Length; i++)
            if (!book.ContainsKey(ids[i]))
                throw new RefusalException(RefusalReason.InvalidArgument, $"there is no provisioner '{ids[i]}'") { Field = $"operator.provisioners[{i}]" };
    }

    private async ValueTask RefuseTakenAsync(StoreSession session, OperatorRecord? existing)
    {
        if (existing is null || existing.Disabled) return;
        var waits = existing.Identity.EnrolledAt is null && !await JoinTokenStore.HasLiveAsync(session, existing.Name, time.GetUtcNow());
        if (!waits) throw Taken(existing.Id);
    }

    private Acted<OperatorRecord> Acted(string action, string actor, OperatorRecord? old, OperatorRecord next) => new(next, new AuditEvent(
        time.GetUtcNow(), action, actor, next.Name,
        [
            new("role", next.Role.ToString()),
            new("disabled", next.Disabled ? "true" : "false"),
            new("provisioners", string.Join(' ', next.ProvisionerIds)),
            new("oldRole", old?.Role.ToString() ?? ""),
            new("oldDisabled", old is null ? "" : old.Disabled ? "true" : "false"),
            new("oldProvisioners", string.Join(' ', old?.ProvisionerIds ?? [])),
        ]));

    private static RefusalException Changed(string id, OperatorRecord old) =>
        new(RefusalReason.Conflict, $"operator '{id}' was changed in the meantime (etag {old.Etag}); read it again") { Field = "operator.etag" };

    private static RefusalException Taken(string id) =>
        new(RefusalReason.AlreadyExists, $"there is an operator '{id}' already") { Field = "operator_id" };

    private static RefusalException Unknown(string id) => new(RefusalReason.NotFound, $"there is no operator '{id}'");
}

/// <summary>The owner who changes an operator.</summary>
/// <param name="Actor">The audit's word for it.</param>
/// <param name="IsLocal">It sits at the admin socket, which no change of operators closes.</param>
internal sealed record Owner(string Actor, bool IsLocal);

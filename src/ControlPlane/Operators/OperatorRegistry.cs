using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Operators;

/// <summary>What owners do to operators: add and disable. Each is an audited act.</summary>
internal sealed class OperatorRegistry(IStore store, JoinTokens tokens, TimeProvider time)
{
    /// <exception cref="RefusalException">NotFound.</exception>
    public async ValueTask<OperatorRecord> GetAsync(string id, CancellationToken cancellationToken) =>
        await store.ReadAsync(session => OperatorStore.FindAsync(session, id), cancellationToken) ?? throw Unknown(id);

    /// <summary>What <see cref="CreateAsync"/> would make, having changed nothing.</summary>
    public async Task<OperatorRecord> CheckAsync(string id, OperatorRole role, CancellationToken cancellationToken)
    {
        var record = Prepare(id, role);
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
        string id, OperatorRole role, string actor, Alongside<OperatorRecord>? alongside, CancellationToken cancellationToken)
    {
        var record = Prepare(id, role);
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
            return Acted("operator.create", actor, next);
        }, cancellationToken);
        return (created, token);
    }

    /// <summary>
    /// Refuses the operator from the next call on, and voids its token. The last owner may go too: the admin socket
    /// stays, and whoever sits there is an owner.
    /// </summary>
    public Task<OperatorRecord> DisableAsync(string id, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var old = await OperatorStore.FindAsync(session, id) ?? throw Unknown(id);
        var next = old with { Disabled = true, Version = old.Version + 1 };
        if (!await OperatorStore.ReplaceAsync(session, old, next))
            throw new RefusalException(RefusalReason.Conflict, $"operator '{id}' was changed in the meantime; read it again");
        await JoinTokenStore.VoidAsync(session, next.Name);
        await Generation.BumpAsync(session);
        return Acted("operator.disable", actor, next);
    }, cancellationToken);

    private OperatorRecord Prepare(string id, OperatorRole role)
    {
        ChosenId.Check(id, "operator_id");
        if (!Enum.IsDefined(role))
            throw new RefusalException(RefusalReason.InvalidArgument, "an operator is an auditor, issuer, operator or owner") { Field = "operator.role" };
        return new OperatorRecord
        {
            Id = id,
            Role = role,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()),
        };
    }

    private async ValueTask RefuseTakenAsync(StoreSession session, OperatorRecord? existing)
    {
        if (existing is null || existing.Disabled) return;
        var waits = existing.Identity.EnrolledAt is null && !await JoinTokenStore.HasLiveAsync(session, existing.Name, time.GetUtcNow());
        if (!waits) throw Taken(existing.Id);
    }

    private Acted<OperatorRecord> Acted(string action, string actor, OperatorRecord record) => new(record, new AuditEvent(
        time.GetUtcNow(), action, actor, record.Name,
        [new("role", record.Role.ToString()), new("disabled", record.Disabled ? "true" : "false")]));

    private static RefusalException Taken(string id) =>
        new(RefusalReason.AlreadyExists, $"there is an operator '{id}' already") { Field = "operator_id" };

    private static RefusalException Unknown(string id) => new(RefusalReason.NotFound, $"there is no operator '{id}'");
}

using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>Work that has to be in the same transaction as an act, such as noting a request id; it may run more than once.</summary>
internal delegate ValueTask Alongside<in T>(StoreSession session, T result);

/// <summary>What operators do to gateways: add, change, disable, give a token. Each is an audited act.</summary>
internal sealed class GatewayRegistry(IStore store, ProvisionerBook provisioners, JoinTokens tokens, WebhookNotices notices, TimeProvider time)
{
    /// <summary>The gateway as it is.</summary>
    /// <exception cref="RefusalException">NotFound.</exception>
    public ValueTask<GatewayRecord> GetAsync(string id, CancellationToken cancellationToken) =>
        store.ReadAsync(session => FindAsync(session, id), cancellationToken);

    /// <summary>What <see cref="CreateAsync"/> would make, having changed nothing.</summary>
    public async Task<GatewayRecord> CheckAsync(string id, GatewayDraft draft, CancellationToken cancellationToken)
    {
        var record = await PrepareAsync(id, draft, cancellationToken);
        var taken = await store.ReadAsync(async session => await GatewayStore.FindAsync(session, id) is not null, cancellationToken);
        return taken ? throw Taken(id) : record;
    }

    /// <summary>Adds a gateway, and its first token.</summary>
    public async Task<(GatewayRecord Gateway, DraftToken Token)> CreateAsync(
        string id, GatewayDraft draft, string actor, Alongside<GatewayRecord>? alongside, CancellationToken cancellationToken)
    {
        var record = await PrepareAsync(id, draft, cancellationToken);
        var token = await tokens.DraftAsync(cancellationToken);
        var gateway = await store.ActAsync(async session =>
        {
            if (!await GatewayStore.AddAsync(session, record)) throw Taken(id);
            await JoinTokenStore.PutAsync(session, record.Name, token.SecretSha256, token.ExpiresAt);
            await Generation.BumpAsync(session);
            if (alongside is not null) await alongside(session, record);
            return Acted("gateway.create", actor, record);
        }, cancellationToken);
        return (gateway, token);
    }

    /// <summary>Changes the fields that the draft sets; a non-empty etag must be the current one.</summary>
    public async Task<GatewayRecord> UpdateAsync(string id, GatewayDraft draft, string etag, string actor, CancellationToken cancellationToken)
    {
        await CheckProvisionersAsync(draft, cancellationToken);
        return await ChangeAsync(id, actor, "gateway.update", old =>
        {
            if (etag.Length > 0 && etag != old.Etag)
                throw new RefusalException(RefusalReason.Conflict, $"gateway '{id}' was changed in the meantime (etag {old.Etag}); read it again") { Field = "gateway.etag" };
            return draft.ApplyTo(old);
        }, cancellationToken);
    }

    /// <summary>Refuses the gateway from its next call on, voids its token and revokes its TLS certificates.</summary>
    public Task<GatewayRecord> DisableAsync(string id, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(id, actor, "gateway.disable", old => old with { Disabled = true }, cancellationToken, Urgency.Urgent);

    /// <summary>Makes the gateway what the start-up options say, adding it when it is not there; a no-op when it is the same.</summary>
    public async Task<GatewayRecord> DeclareAsync(string id, GatewayDraft draft, string actor, CancellationToken cancellationToken)
    {
        var wanted = await PrepareAsync(id, draft, cancellationToken);
        var existing = await store.ReadAsync(session => GatewayStore.FindAsync(session, id), cancellationToken);
        if (existing is not null && Same(existing, draft.ApplyTo(existing))) return existing;
        if (existing is not null) return await UpdateAsync(id, draft, "", actor, cancellationToken);
        return await store.ActAsync(async session =>
        {
            if (!await GatewayStore.AddAsync(session, wanted)) throw Taken(id);
            await Generation.BumpAsync(session);
            return Acted("gateway.create", actor, wanted);
        }, cancellationToken);
    }

    /// <summary>A new token; those before it are void.</summary>
    public async Task<DraftToken> CreateTokenAsync(
        string id, string actor, Alongside<DraftToken>? alongside, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary)
    {
        var token = await tokens.DraftAsync(cancellationToken);
        return await store.ActAsync(async session =>
        {
            var gateway = await FindAsync(session, id);
            if (gateway.Disabled) throw new RefusalException(RefusalReason.FailedPrecondition, $"gateway '{id}' is disabled; enable it first");
            await JoinTokenStore.PutAsync(session, gateway.Name, token.SecretSha256, token.ExpiresAt);
            if (alongside is not null) await alongside(session, token);
            var facts = new AuditEvent(time.GetUtcNow(), "gateway.createToken", actor, gateway.Name, [new("expires", token.ExpiresAt.ToString("O"))]);
            return new Acted<DraftToken>(token, facts);
        }, cancellationToken, urgency);
    }

    private async Task<GatewayRecord> PrepareAsync(string id, GatewayDraft draft, CancellationToken cancellationToken)
    {
        ChosenId.Check(id, "gateway_id");
        await CheckProvisionersAsync(draft, cancellationToken);
        return draft.ApplyTo(new GatewayRecord { Id = id, BaseUrls = [], CreatedAt = Now() });
    }

    private async Task CheckProvisionersAsync(GatewayDraft draft, CancellationToken cancellationToken)
    {
        if (draft.ProvisionerIds is not { Count: > 0 } ids) return;
        var book = await provisioners.CurrentAsync(cancellationToken);
        for (var i = 0; i < ids.Count; i++)
            if (!book.ContainsKey(ids[i]))
                throw new RefusalException(RefusalReason.InvalidArgument, $"there is no provisioner '{ids[i]}'") { Field = $"gateway.provisioners[{i}]" };
    }

    private async Task<GatewayRecord> ChangeAsync(
        string id, string actor, string action, Func<GatewayRecord, GatewayRecord> change, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary)
    {
        var notice = await notices.ForAsync(WebhookEvent.Revoked, cancellationToken);
        return await store.ActAsync(async session =>
        {
            var old = await FindAsync(session, id);
            var next = change(old) with { Version = old.Version + 1 };
            if (!await GatewayStore.ReplaceAsync(session, old, next))
                throw new RefusalException(RefusalReason.Conflict, $"gateway '{id}' was changed in the meantime; read it again");
            if (next.Disabled) await JoinTokenStore.VoidAsync(session, next.Name);
            // Whoever holds the host can go on showing them, until those who check see the revocation.
            var revoked = next.Disabled ? await OwnCertificates.RevokeAsync(session, next.Id, RevocationReason.PrivilegeWithdrawn, notice, time.GetUtcNow()) : [];
            await Generation.BumpAsync(session);
            return Acted(action, actor, next, revoked);
        }, cancellationToken, urgency);
    }

    private static async ValueTask<GatewayRecord> FindAsync(StoreSession session, string id) =>
        await GatewayStore.FindAsync(session, id) ?? throw new RefusalException(RefusalReason.NotFound, $"there is no gateway '{id}'");

    private Acted<GatewayRecord> Acted(string action, string actor, GatewayRecord gateway, params IReadOnlyList<SerialNumber> revoked) => new(gateway, new AuditEvent(
        time.GetUtcNow(), action, actor, gateway.Name,
        [
            new("baseUrls", string.Join(' ', gateway.BaseUrls)),
            new("retiredBaseUrls", string.Join(' ', gateway.RetiredBaseUrls)),
            new("tlsNames", string.Join(' ', gateway.TlsNames)),
            new("provisioners", string.Join(' ', gateway.ProvisionerIds)),
            new("disabled", gateway.Disabled ? "true" : "false"),
            new("revokedCertificates", string.Join(' ', revoked)),
        ]));

    private static bool Same(GatewayRecord a, GatewayRecord b) => a.BaseUrls.SequenceEqual(b.BaseUrls)
        && a.RetiredBaseUrls.SequenceEqual(b.RetiredBaseUrls) && a.DeclaredTlsNames.SequenceEqual(b.DeclaredTlsNames)
        && a.ProvisionerIds.SequenceEqual(b.ProvisionerIds) && a.Disabled == b.Disabled;

    private static RefusalException Taken(string id) =>
        new(RefusalReason.AlreadyExists, $"there is a gateway '{id}' already") { Field = "gateway_id" };

    // The store keeps milliseconds; what is answered is what will be read.
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
}

using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>A binding whose MAC was verified.</summary>
internal sealed record VerifiedBinding(EabKey Key, string Json);

/// <summary>Keys for external account binding: handed out by operators, proven by new accounts (RFC 8555 §7.3.4).</summary>
internal sealed class ExternalAccounts(IStore store, SecretEnvelope envelope, ProvisionerBook provisioners, TimeProvider time)
{
    private const int MacKeySize = 32, LongestId = 128;

    /// <summary>The verified binding of a new-account request; null when it has none and needs none.</summary>
    /// <exception cref="RefusalException">ExternalAccountRequired, Malformed, Unauthorized.</exception>
    public async ValueTask<VerifiedBinding?> VerifyAsync(VerifiedRequest request, JsonPayload payload, bool required, CancellationToken cancellationToken)
    {
        var binding = ExternalAccountBinding.Find(payload, request);
        if (binding is null)
            return required
                ? throw new RefusalException(RefusalReason.ExternalAccountRequired, "new accounts of this provisioner need an external account binding; ask its operator for a key")
                : null;
        // Text from outside goes to the store only in the shape of an id: PostgreSQL refuses a NUL as a fault.
        var key = IsId(binding.KeyId) ? await store.ReadAsync(s => EabKeyStore.FindAsync(s, binding.KeyId), cancellationToken) : null;
        if (key is null || key.ProvisionerId != request.Context.Provisioner)
            throw new RefusalException(RefusalReason.Unauthorized, $"externalAccountBinding names the key {Excerpt.Of(binding.KeyId)}, which this provisioner does not have");
        var macKey = envelope.Open(key.SealedMacKey, key.Name);
        try
        {
            binding.Verify(macKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(macKey);
        }
        if (key.RefusalAt(time.GetUtcNow()) is { } why)
            throw new RefusalException(RefusalReason.Unauthorized, $"the key {key.Id} binds no more accounts: {why}");
        return new VerifiedBinding(key, System.Text.Encoding.UTF8.GetString(binding.Evidence.Span));
    }

    private static bool IsId(string text) => text.Length is > 0 and <= LongestId && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>Makes a key; the MAC key is in the answer and nowhere else.</summary>
    /// <exception cref="RefusalException">InvalidArgument, AlreadyExists.</exception>
    public async Task<(EabKey Key, string MacKey)> CreateAsync(
        string id, string provisionerId, string comment, DateTimeOffset? expiresAt, int maxUses, ImmutableArray<NameRulePattern> allow, string actor,
        Func<StoreSession, EabKey, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        if (!(await provisioners.CurrentAsync(cancellationToken)).TryGetValue(provisionerId, out var provisioner))
            throw new RefusalException(RefusalReason.InvalidArgument, $"there is no provisioner {Excerpt.Of(provisionerId)}") { Field = "eab_key.provisioner" };
        if (provisioner.Kind != ProvisionerKind.Acme)
            throw new RefusalException(RefusalReason.InvalidArgument, $"{provisioner.Name} is not of the kind acme: it has no accounts to bind") { Field = "eab_key.provisioner" };
        var now = time.GetUtcNow();
        CheckEnd(expiresAt, now);
        CheckUses(maxUses);
        var macKey = RandomNumberGenerator.GetBytes(MacKeySize);
        var key = new EabKey
        {
            Id = id,
            ProvisionerId = provisionerId,
            Comment = comment,
            SealedMacKey = envelope.Seal(macKey, Protocol.ResourceName.Of(Protocol.ResourceName.EabKeys, id)),
            MaxUses = maxUses == 0 ? 1 : maxUses,
            ExpiresAt = expiresAt,
            CreatedAt = now,
        };
        var made = await store.ActAsync(async session =>
        {
            if (await EabKeyStore.InsertAsync(session, key) != 1)
                throw new RefusalException(RefusalReason.AlreadyExists, $"{key.Name} exists already") { Field = "eab_key_id" };
            foreach (var pattern in allow)
                await NameRuleStore.InsertAsync(session, NameRule.Create(key.Name, NameRuleEffect.Allow, pattern, actor, now));
            if (alongside is not null) await alongside(session, key);
            return new Acted<EabKey>(key, new AuditEvent(now, "eabKey.create", actor, key.Name,
                [new("provisioner", provisionerId), new("maxUses", key.MaxUses.ToString()), new("allow", string.Join(' ', allow))]));
        }, cancellationToken);
        var text = Base64Url.EncodeToString(macKey);
        CryptographicOperations.ZeroMemory(macKey);
        return (made, text);
    }

    /// <summary>Changes what an operator can change of a key; accounts that it bound stay.</summary>
    /// <exception cref="RefusalException">NotFound, InvalidArgument; Conflict: somebody else changed it.</exception>
    public Task<EabKey> UpdateAsync(string id, string etag, Func<EabKey, EabKey> change, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var old = await EabKeyStore.FindAsync(session, id) ?? throw NoKey(id);
        if (etag.Length > 0 && etag != old.Etag)
            throw new RefusalException(RefusalReason.Conflict, $"{old.Name} was changed in the meantime: its etag is {old.Etag}; read it again");
        var changed = change(old);
        var next = changed with { MaxUses = changed.MaxUses == 0 ? 1 : changed.MaxUses };
        var now = time.GetUtcNow();
        if (next.ExpiresAt != old.ExpiresAt) CheckEnd(next.ExpiresAt, now);
        CheckUses(next.MaxUses);
        await EabKeyStore.UpdateAsync(session, next);
        return new Acted<EabKey>(next, new AuditEvent(now, "eabKey.update", actor, next.Name,
            [new("comment", next.Comment), new("maxUses", $"{next.MaxUses}"), new("expires", next.ExpiresAt?.ToString("yyyy-MM-ddTHH:mm:ssZ") ?? "")]));
    }, cancellationToken);

    /// <summary>Removes a key and its name rules. One whose accounts are valid stays: the rules hold for them.</summary>
    /// <exception cref="RefusalException">NotFound, FailedPrecondition.</exception>
    public Task<bool> DeleteAsync(string id, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var key = await EabKeyStore.FindAsync(session, id) ?? throw NoKey(id);
        if (await AccountStore.HasBoundAsync(session, id))
            throw new RefusalException(RefusalReason.FailedPrecondition, $"{key.Name} bound accounts that are valid, and its name rules hold for them; disable it, or deactivate them first");
        await EabKeyStore.DeleteAsync(session, id);
        var rules = await NameLevelStore.UnsetAsync(session, key.Name) ?? 0;
        return new Acted<bool>(true, new AuditEvent(time.GetUtcNow(), "eabKey.delete", actor, key.Name, [new("provisioner", key.ProvisionerId), new("nameRules", $"{rules}")]));
    }, cancellationToken);

    private static void CheckEnd(DateTimeOffset? end, DateTimeOffset now)
    {
        if (end <= now) throw new RefusalException(RefusalReason.InvalidArgument, "lies in the past") { Field = "eab_key.expire_time" };
    }

    private static void CheckUses(int uses)
    {
        if (uses < EabKey.Unlimited) throw new RefusalException(RefusalReason.InvalidArgument, "must be -1 (any number), 0 (one) or more") { Field = "eab_key.max_uses" };
    }

    private static RefusalException NoKey(string id) => new(RefusalReason.NotFound, $"there is no EAB key {Excerpt.Of(id)}");

    public Task<EabKey> DisableAsync(string id, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var key = await EabKeyStore.FindAsync(session, id) ?? throw NoKey(id);
        await EabKeyStore.DisableAsync(session, id);
        return new Acted<EabKey>(key with { Disabled = true }, new AuditEvent(time.GetUtcNow(), "eabKey.disable", actor, key.Name, []));
    }, cancellationToken);
}

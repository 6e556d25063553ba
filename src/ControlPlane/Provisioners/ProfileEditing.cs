using System.Collections.Frozen;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>
/// What operators do to profiles: add, change, remove. It stands here because a profile that a provisioner names must
/// stay. Each is an audited act.
/// </summary>
internal sealed class ProfileEditing(IStore store, TimeProvider time)
{
    private static readonly FrozenSet<string> Usages = new[] { "serverAuth", "clientAuth" }.ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> KeyTypes = new[] { "RSA", "EC_P256", "EC_P384", "EC_P521", "ED25519" }.ToFrozenSet(StringComparer.Ordinal);
    public static readonly TimeSpan ShortestLifetime = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(3650);

    /// <exception cref="RefusalException">InvalidArgument naming the first field that is wrong.</exception>
    public static void Check(ProfileRecord next)
    {
        if (Faults(next).FirstOrDefault() is { } fault) throw fault;
    }

    /// <summary>Everything that is wrong, each naming its field.</summary>
    public static IEnumerable<RefusalException> Faults(ProfileRecord next)
    {
        if (next.Lifetime < ShortestLifetime || next.Lifetime > LongestLifetime) yield return Wrong("profile.lifetime", "must be from 5 minutes to 3,650 days");
        if (next.Backdate < TimeSpan.Zero || next.Backdate > TimeSpan.FromHours(1)) yield return Wrong("profile.backdate", "must be from zero to 1 hour");
        if (next.Description.Length > 500) yield return Wrong("profile.description", "is longer than 500 characters");
        foreach (var fault in ListFaults(next.ExtendedKeyUsages, Usages, "profile.extended_key_usages")) yield return fault;
        foreach (var fault in ListFaults(next.KeyTypes, KeyTypes, "profile.key_types")) yield return fault;
    }

    public Task<ProfileRecord> CreateAsync(
        ProfileRecord wanted, string actor, Func<StoreSession, ProfileRecord, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        Check(wanted);
        return store.ActAsync(async session =>
        {
            if (await ProfileStore.FindAsync(session, wanted.Id) is not null)
                throw new RefusalException(RefusalReason.AlreadyExists, $"{wanted.Name} exists already") { Field = "profile_id" };
            await ProfileStore.InsertAsync(session, wanted);
            var made = wanted with { Version = 1 };
            if (alongside is not null) await alongside(session, made);
            return new Acted<ProfileRecord>(made, Event("profile.create", actor, made));
        }, cancellationToken);
    }

    public Task<ProfileRecord> UpdateAsync(
        string id, string etag, Func<ProfileRecord, ProfileRecord> change, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var old = await ProfileStore.FindAsync(session, id) ?? throw Missing(id);
        if (etag.Length > 0 && etag != old.Etag)
            throw new RefusalException(RefusalReason.Conflict, $"{old.Name} was changed in the meantime: its etag is {old.Etag}; read it again");
        var wanted = change(old);
        Check(wanted);
        await ProfileStore.ReplaceAsync(session, wanted);
        var next = wanted with { Version = old.Version + 1 };
        return new Acted<ProfileRecord>(next, Event("profile.update", actor, next, KeyValuePair.Create("old", ProfileStore.Write(old))));
    }, cancellationToken);

    public Task<bool> DeleteAsync(string id, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var old = await ProfileStore.FindAsync(session, id) ?? throw Missing(id);
        var users = (await ProvisionerStore.LoadAsync(session)).Values.Where(p => p.Offers(id)).Select(p => p.Name).Order(StringComparer.Ordinal).ToList();
        if (users.Count > 0)
            throw new RefusalException(RefusalReason.FailedPrecondition, $"{old.Name} is named by {string.Join(", ", users)}; change them first");
        await ProfileStore.DeleteAsync(session, id);
        return new Acted<bool>(true, Event("profile.delete", actor, old));
    }, cancellationToken);

    private AuditEvent Event(string action, string actor, ProfileRecord profile, params ReadOnlySpan<KeyValuePair<string, string>> more) =>
        new(time.GetUtcNow(), action, actor, profile.Name, [new("document", ProfileStore.Write(profile)), .. more]);

    private static IEnumerable<RefusalException> ListFaults(IReadOnlyCollection<string> values, FrozenSet<string> known, string field)
    {
        if (values.Count == 0) yield return Wrong(field, "must not be empty");
        foreach (var fault in UnknownFaults(values, known, field)) yield return fault;
    }

    /// <summary>Words that are no kinds of keys.</summary>
    public static IEnumerable<RefusalException> KeyTypeFaults(IReadOnlyCollection<string> values, string field) => UnknownFaults(values, KeyTypes, field);

    private static IEnumerable<RefusalException> UnknownFaults(IReadOnlyCollection<string> values, FrozenSet<string> known, string field)
    {
        foreach (var (place, value) in values.Index())
            if (!known.Contains(value)) yield return Wrong($"{field}[{place}]", $"{Excerpt.Of(value)} is none of {string.Join(", ", known.Order(StringComparer.Ordinal))}");
    }

    private static RefusalException Wrong(string field, string detail) => new(RefusalReason.InvalidArgument, detail) { Field = field };

    private static RefusalException Missing(string id) => new(RefusalReason.NotFound, $"there is no profile {Excerpt.Of(id)}");
}

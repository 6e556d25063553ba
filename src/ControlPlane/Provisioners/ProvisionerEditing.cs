using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>What operators do to provisioners: add, change, remove. Each is an audited act.</summary>
internal sealed class ProvisionerEditing(
    IStore store, AuthorityBook authorities, ProfileBook profiles, ProvisionerBook provisioners, FailPoints failPoints, TimeProvider time)
{
    /// <summary>Challenge types that exist.</summary>
    private static readonly FrozenSet<string> KnownChallenges =
        new[] { "http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(90);

    /// <exception cref="RefusalException">InvalidArgument naming the first field that is wrong.</exception>
    public async ValueTask CheckAsync(ProvisionerRecord next, CancellationToken cancellationToken)
    {
        if ((await FaultsAsync(next, cancellationToken)).FirstOrDefault() is { } fault) throw fault;
    }

    /// <summary>Everything that is wrong, each naming its field.</summary>
    public async ValueTask<List<RefusalException>> FaultsAsync(ProvisionerRecord next, CancellationToken cancellationToken)
    {
        var faults = new List<RefusalException>();
        var hierarchy = await authorities.CurrentAsync(cancellationToken);
        if (hierarchy.Find(next.AuthorityId) is not { Purpose: AuthorityPurpose.Issuing })
            faults.Add(Wrong("provisioner.authority", $"there is no issuing authority {Excerpt.Of(next.AuthorityId)}"));
        var known = await profiles.CurrentAsync(cancellationToken);
        if (!known.ContainsKey(next.DefaultProfile)) faults.Add(Wrong("provisioner.default_profile", $"there is no profile {Excerpt.Of(next.DefaultProfile)}"));
        faults.AddRange(Each(next.Profiles, "provisioner.profiles", profile => known.ContainsKey(profile) ? null : $"there is no profile {Excerpt.Of(profile)}"));
        faults.AddRange(LeafFaults(next));
        faults.AddRange(next.Kind == ProvisionerKind.Acme ? AcmeFaults(next) : new CredentialFaults(hierarchy, await provisioners.CurrentAsync(cancellationToken)).Of(next));
        return faults;
    }

    private static IEnumerable<RefusalException> LeafFaults(ProvisionerRecord next)
    {
        var (min, wanted, max) = (next.Lifetimes.Min, next.Lifetimes.Default, next.Lifetimes.Max);
        foreach (var (field, bound) in new[] { ("min", min), ("default", wanted), ("max", max) })
            if (bound < ProfileEditing.ShortestLifetime || bound > ProfileEditing.LongestLifetime) yield return Wrong($"provisioner.lifetimes.{field}", "must be from 5 minutes to 3,650 days");
        if (min > wanted || min > max || wanted > max) yield return Wrong("provisioner.lifetimes", "min, default and max must not fall");
        foreach (var fault in ProfileEditing.KeyTypeFaults(next.KeyTypes, "provisioner.key_types")) yield return fault;
    }

    private static IEnumerable<RefusalException> AcmeFaults(ProvisionerRecord next) =>
    [
        .. Each(next.Challenges, "provisioner.acme.challenges",
            type => KnownChallenges.Contains(type) ? null : $"{Excerpt.Of(type)} is none of {string.Join(", ", KnownChallenges.Order(StringComparer.Ordinal))}"),
        .. Each(next.Ranges, "provisioner.acme.ranges", range => IPNetwork.TryParse(range, out _) ? null : $"{Excerpt.Of(range)} is no range such as 100.64.0.0/10"),
        .. Each(next.Resolvers, "provisioner.acme.resolvers",
            resolver => IPEndPoint.TryParse(resolver, out var endpoint) && endpoint.Port != 0 ? null : $"{Excerpt.Of(resolver)} is no address and port such as 100.64.0.1:53"),
        .. Each(next.CaaIdentities, "provisioner.acme.caa_identities", identity => Identifier.TryParse("dns", identity, out _, out _, out var detail) ? null : detail),
        .. When(next.Challenges.IsEmpty, "provisioner.acme.challenges", "at least one challenge type is needed"),
        .. When(next.Challenges.Contains("dns-persist-01") && next.CaaIdentities.IsEmpty,
            "provisioner.acme.caa_identities", "dns-persist-01 records name this CA by a domain name: set caa_identities"),
        .. When(next.Caa != CaaMode.Off && next.CaaIdentities.IsEmpty,
            "provisioner.acme.caa_identities", "CAA records can only name this CA when it has a domain name: set caa_identities"),
        .. When(next.OrderLifetime < TimeSpan.FromMinutes(1) || next.OrderLifetime > LongestLife, "provisioner.acme.order_lifetime", "must be from 1 minute to 90 days"),
        .. When(next.AuthorizationReuse < TimeSpan.Zero || next.AuthorizationReuse > LongestLife, "provisioner.acme.authorization_reuse", "must be from zero to 90 days"),
        .. When(next.AttemptTimeout is { } bound && (bound < TimeSpan.FromSeconds(1) || bound > TimeSpan.FromMinutes(2)),
            "provisioner.acme.attempt_timeout", "must be from 1 second to 2 minutes"),
        .. When(next.Http01Port is < 1 or > 65535, "provisioner.acme.http01_port", "must be from 1 to 65535"),
        .. When(next.TlsAlpn01Port is < 1 or > 65535, "provisioner.acme.tls_alpn01_port", "must be from 1 to 65535"),
        .. When(!IsUrl(next.TermsOfServiceUrl), "provisioner.acme.terms_of_service_url", $"{Excerpt.Of(next.TermsOfServiceUrl ?? "")} is no http or https URL"),
        .. When(!IsUrl(next.WebsiteUrl), "provisioner.acme.website_url", $"{Excerpt.Of(next.WebsiteUrl ?? "")} is no http or https URL"),
    ];

    public async Task<ProvisionerRecord> CreateAsync(
        ProvisionerRecord wanted, string actor, Func<StoreSession, ProvisionerRecord, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        await CheckAsync(wanted, cancellationToken);
        var created = await store.ActAsync(async session =>
        {
            var now = Now();
            if (await ProvisionerStore.FindAsync(session, wanted.Id) is not null)
                throw new RefusalException(RefusalReason.AlreadyExists, $"{wanted.Name} exists already") { Field = "provisioner_id" };
            await CheckWithinAsync(session, wanted);
            await ProvisionerStore.InsertAsync(session, wanted, now);
            var made = wanted with { CreatedAt = now, UpdatedAt = now, Version = 1 };
            if (alongside is not null) await alongside(session, made);
            failPoints.Reach(ProvisionerEditSteps.CreationWritten);
            return new Acted<ProvisionerRecord>(made, Event("provisioner.create", actor, made, now));
        }, cancellationToken);
        failPoints.Reach(ProvisionerEditSteps.Created);
        return created;
    }

    /// <param name="id">Which.</param>
    /// <param name="etag">The etag the caller saw; empty takes the current one.</param>
    /// <param name="change">The next value, from the current one.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">The call's.</param>
    public async Task<ProvisionerRecord> UpdateAsync(
        string id, string etag, Func<ProvisionerRecord, ProvisionerRecord> change, string actor, CancellationToken cancellationToken)
    {
        var current = await store.ReadAsync(s => ProvisionerStore.FindAsync(s, id), cancellationToken) ?? throw Missing(id);
        var wanted = change(current);
        // What it issued was asked for in the one way; nothing of it would mean the same in another.
        if (wanted.Kind != current.Kind) throw Wrong("provisioner.kind", $"{current.Name} is of the kind {current.Kind}; a provisioner keeps its kind: make another one");
        await CheckAsync(wanted, cancellationToken);
        var updated = await store.ActAsync(async session =>
        {
            var old = await ProvisionerStore.FindAsync(session, id) ?? throw Missing(id);
            if (old.Version != current.Version || (etag.Length > 0 && etag != old.Etag))
                throw new RefusalException(RefusalReason.Conflict, $"{old.Name} was changed in the meantime: its etag is {old.Etag}; read it again");
            await CheckWithinAsync(session, wanted);
            var now = Now();
            await ProvisionerStore.ReplaceAsync(session, wanted, now);
            var next = wanted with { Version = old.Version + 1, UpdatedAt = now };
            failPoints.Reach(ProvisionerEditSteps.UpdateWritten);
            return new Acted<ProvisionerRecord>(next, Event("provisioner.update", actor, next, now, KeyValuePair.Create("old", ProvisionerStore.Write(old))));
        }, cancellationToken);
        failPoints.Reach(ProvisionerEditSteps.Updated);
        return updated;
    }

    public async Task DeleteAsync(string id, bool force, string actor, CancellationToken cancellationToken)
    {
        await store.ActAsync(async session =>
        {
            var old = await ProvisionerStore.FindAsync(session, id) ?? throw Missing(id);
            var now = time.GetUtcNow();
            var live = await ProvisionerStore.CountLiveCertificatesAsync(session, id, now);
            if (live > 0 && !force)
                throw new RefusalException(RefusalReason.FailedPrecondition, $"{live} certificates of {old.Name} are valid still; revoke them, wait for their end, or force the removal: they stay valid then");
            // A provisioner made later under the same id starts without rules and without clients.
            var rules = await NameLevelStore.UnsetAsync(session, old.Name) ?? 0;
            var (accounts, eabKeys) = await ProvisionerStore.RevokeClientsAsync(session, id);
            await ProvisionerStore.DeleteAsync(session, id);
            failPoints.Reach(ProvisionerEditSteps.DeletionWritten);
            return new Acted<bool>(true, Event("provisioner.delete", actor, old, now,
                new("nameRules", Text(rules)), new("revokedAccounts", Text(accounts)), new("disabledEabKeys", Text(eabKeys))));
        }, cancellationToken);
        failPoints.Reach(ProvisionerEditSteps.Deleted);
    }

    // As the store keeps it: what is answered is what will be read.
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    // What CheckAsync saw may be gone by now; within the act nothing goes any more.
    private static async ValueTask CheckWithinAsync(StoreSession session, ProvisionerRecord next)
    {
        if (!(await AuthorityStore.LoadAsync(session)).Authorities.Any(a => a.Id == next.AuthorityId && a.Purpose == AuthorityPurpose.Issuing))
            throw Wrong("provisioner.authority", $"there is no issuing authority {Excerpt.Of(next.AuthorityId)}");
        foreach (var profile in next.Profiles.Append(next.DefaultProfile))
            if (await ProfileStore.FindAsync(session, profile) is null) throw Wrong("provisioner.profiles", $"there is no profile {Excerpt.Of(profile)}");
    }

    private static AuditEvent Event(
        string action, string actor, ProvisionerRecord provisioner, DateTimeOffset now, params ReadOnlySpan<KeyValuePair<string, string>> more) =>
        new(now, action, actor, provisioner.Name, [new("document", ProvisionerStore.Write(provisioner)), .. more]);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // A fault for each element that has one; it is named by its place.
    private static IEnumerable<RefusalException> Each(IEnumerable<string> values, string field, Func<string, string?> faultOf) =>
        values.Index().Select(v => (v.Index, Fault: faultOf(v.Item))).Where(v => v.Fault is not null).Select(v => Wrong($"{field}[{v.Index}]", v.Fault!));

    private static IEnumerable<RefusalException> When(bool wrong, string field, string detail) => wrong ? [Wrong(field, detail)] : [];

    private static bool IsUrl(string? url) => url is null || (Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "https" or "http");

    private static RefusalException Wrong(string field, string detail) => new(RefusalReason.InvalidArgument, detail) { Field = field };

    private static RefusalException Missing(string id) => new(RefusalReason.NotFound, $"there is no provisioner {Excerpt.Of(id)}");
}

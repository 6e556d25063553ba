using System.Collections.Frozen;
using System.Net;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>What operators do to provisioners: add, change, remove. Each is an audited act.</summary>
internal sealed class ProvisionerEditing(IStore store, AuthorityBook authorities, ProfileBook profiles, TimeProvider time)
{
    /// <summary>Challenge types that exist.</summary>
    private static readonly FrozenSet<string> KnownChallenges =
        new[] { "http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(90);

    /// <exception cref="RefusalException">InvalidArgument naming the field.</exception>
    public async ValueTask CheckAsync(ProvisionerRecord next, CancellationToken cancellationToken)
    {
        var known = await profiles.CurrentAsync(cancellationToken);
        if ((await authorities.CurrentAsync(cancellationToken)).Find(next.AuthorityId) is not { Purpose: AuthorityPurpose.Issuing })
            throw Wrong("provisioner.authority", $"there is no issuing authority {Excerpt.Of(next.AuthorityId)}");
        foreach (var profile in next.Profiles.Append(next.DefaultProfile))
            if (!known.ContainsKey(profile)) throw Wrong("provisioner.profiles", $"there is no profile {Excerpt.Of(profile)}");
        if (next.Challenges.IsEmpty) throw Wrong("provisioner.acme.challenges", "at least one challenge type is needed");
        foreach (var type in next.Challenges)
            if (!KnownChallenges.Contains(type)) throw Wrong("provisioner.acme.challenges", $"{Excerpt.Of(type)} is none of {string.Join(", ", KnownChallenges.Order(StringComparer.Ordinal))}");
        if (next.Challenges.Contains("dns-persist-01") && next.CaaIdentities.IsEmpty)
            throw Wrong("provisioner.acme.caa_identities", "dns-persist-01 records name this CA by a domain name: set caa_identities");
        foreach (var range in next.Ranges)
            if (!IPNetwork.TryParse(range, out _)) throw Wrong("provisioner.acme.ranges", $"{Excerpt.Of(range)} is no range such as 100.64.0.0/10");
        foreach (var resolver in next.Resolvers)
            if (!IPEndPoint.TryParse(resolver, out var endpoint) || endpoint.Port == 0) throw Wrong("provisioner.acme.resolvers", $"{Excerpt.Of(resolver)} is no address and port such as 100.64.0.1:53");
        foreach (var identity in next.CaaIdentities)
            if (!Identifier.TryParse("dns", identity, out _, out _, out var detail)) throw Wrong("provisioner.acme.caa_identities", detail);
        if (next.Caa != CaaMode.Off && next.CaaIdentities.IsEmpty)
            throw Wrong("provisioner.acme.caa_identities", "CAA records can only name this CA when it has a domain name: set caa_identities");
        if (next.OrderLifetime < TimeSpan.FromMinutes(1) || next.OrderLifetime > LongestLife) throw Wrong("provisioner.acme.order_lifetime", "must be from 1 minute to 90 days");
        if (next.AuthorizationReuse < TimeSpan.Zero || next.AuthorizationReuse > LongestLife) throw Wrong("provisioner.acme.authorization_reuse", "must be from zero to 90 days");
        if (next.AttemptTimeout is { } bound && (bound < TimeSpan.FromSeconds(1) || bound > TimeSpan.FromMinutes(2))) throw Wrong("provisioner.acme.attempt_timeout", "must be from 1 second to 2 minutes");
        CheckPort(next.Http01Port, "provisioner.acme.http01_port");
        CheckPort(next.TlsAlpn01Port, "provisioner.acme.tls_alpn01_port");
        CheckUrl(next.TermsOfServiceUrl, "provisioner.acme.terms_of_service_url");
        CheckUrl(next.WebsiteUrl, "provisioner.acme.website_url");
    }

    public async Task<ProvisionerRecord> CreateAsync(
        ProvisionerRecord wanted, string actor, Func<StoreSession, ProvisionerRecord, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        await CheckAsync(wanted, cancellationToken);
        return await store.ActAsync(async session =>
        {
            var now = time.GetUtcNow();
            if (await ProvisionerStore.FindAsync(session, wanted.Id) is not null)
                throw new RefusalException(RefusalReason.AlreadyExists, $"{wanted.Name} exists already") { Field = "provisioner_id" };
            await ProvisionerStore.InsertAsync(session, wanted, now);
            var made = wanted with { CreatedAt = now, UpdatedAt = now, Version = 1 };
            if (alongside is not null) await alongside(session, made);
            return new Acted<ProvisionerRecord>(made, Event("provisioner.create", actor, made, now));
        }, cancellationToken);
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
        await CheckAsync(wanted, cancellationToken);
        return await store.ActAsync(async session =>
        {
            var old = await ProvisionerStore.FindAsync(session, id) ?? throw Missing(id);
            if (old.Version != current.Version || (etag.Length > 0 && etag != old.Etag))
                throw new RefusalException(RefusalReason.Conflict, $"{old.Name} was changed in the meantime: its etag is {old.Etag}; read it again");
            var now = time.GetUtcNow();
            await ProvisionerStore.ReplaceAsync(session, wanted, now);
            var next = wanted with { Version = old.Version + 1, UpdatedAt = now };
            return new Acted<ProvisionerRecord>(next, Event("provisioner.update", actor, next, now));
        }, cancellationToken);
    }

    public Task<bool> DeleteAsync(string id, bool force, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var old = await ProvisionerStore.FindAsync(session, id) ?? throw Missing(id);
        var now = time.GetUtcNow();
        var live = await ProvisionerStore.CountLiveCertificatesAsync(session, id, now);
        if (live > 0 && !force)
            throw new RefusalException(RefusalReason.FailedPrecondition, $"{live} certificates of {old.Name} are valid still; revoke them, wait for their end, or force the removal: they stay valid then");
        await ProvisionerStore.DeleteAsync(session, id);
        return new Acted<bool>(true, Event("provisioner.delete", actor, old, now));
    }, cancellationToken);

    private static AuditEvent Event(string action, string actor, ProvisionerRecord provisioner, DateTimeOffset now) =>
        new(now, action, actor, provisioner.Name, [new("document", ProvisionerStore.Write(provisioner))]);

    private static void CheckPort(int? port, string field)
    {
        if (port is < 1 or > 65535) throw Wrong(field, "must be from 1 to 65535");
    }

    private static void CheckUrl(string? url, string field)
    {
        if (url is not null && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "https" or "http"))
            throw Wrong(field, $"{Excerpt.Of(url)} is no http or https URL");
    }

    private static RefusalException Wrong(string field, string detail) => new(RefusalReason.InvalidArgument, detail) { Field = field };

    private static RefusalException Missing(string id) => new(RefusalReason.NotFound, $"there is no provisioner {Excerpt.Of(id)}");
}

using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>What people do to webhooks: add, change, remove, give another secret, try. Each is an audited act but the last.</summary>
internal sealed class WebhookEditing(IStore store, ProvisionerBook provisioners, WebhookSecrets secrets, WebhookCaller caller, TimeProvider time)
{
    private const int LongestUrl = 2048, LongestComment = 200, LongestPem = 64 * 1024;

    // Below what a gateway waits for the answer to a finalize.
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(1), LongestTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ShortestNotice = TimeSpan.FromMinutes(1), LongestNotice = TimeSpan.FromDays(366);

    /// <summary>The longest time for which a secret that was rotated signs beside the new one.</summary>
    public static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(30);

    /// <exception cref="RefusalException">NotFound.</exception>
    public async ValueTask<WebhookView> GetAsync(string id, CancellationToken cancellationToken) =>
        await store.ReadAsync(session => WebhookStore.FindViewAsync(session, id), cancellationToken) ?? throw Unknown(id);

    /// <exception cref="RefusalException">InvalidArgument naming the field that is wrong.</exception>
    public async ValueTask CheckAsync(WebhookRecord next, CancellationToken cancellationToken)
    {
        CheckUrl(next.Url);
        if (next.Events.IsEmpty) throw Wrong("webhook.events", "at least one event is needed");
        var known = await provisioners.CurrentAsync(cancellationToken);
        for (var i = 0; i < next.ProvisionerIds.Length; i++)
            if (!known.ContainsKey(next.ProvisionerIds[i])) throw Wrong($"webhook.provisioners[{i}]", $"there is no provisioner {Excerpt.Of(next.ProvisionerIds[i])}");
        if (next.Timeout < ShortestTimeout || next.Timeout > LongestTimeout) throw Wrong("webhook.timeout", "must be from 1 to 20 seconds");
        if (next.ExpiringWithin < ShortestNotice || next.ExpiringWithin > LongestNotice) throw Wrong("webhook.expiring_within", "must be from 1 minute to 366 days");
        if (next.Comment.Length > LongestComment) throw Wrong("webhook.comment", $"has {next.Comment.Length} characters; {LongestComment} are the most");
        CheckRoots(next.CaPem);
    }

    /// <summary>Adds a webhook; its secret is in the answer and nowhere else.</summary>
    /// <exception cref="RefusalException">InvalidArgument, AlreadyExists.</exception>
    public async Task<(WebhookView Webhook, string Secret)> CreateAsync(
        WebhookRecord wanted, string actor, Func<StoreSession, WebhookView, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        await CheckAsync(wanted, cancellationToken);
        var (sealedSecret, text) = secrets.Make(wanted.Id);
        var now = Now();
        var record = wanted with { SealedSecret = sealedSecret, CreatedAt = now, UpdatedAt = now, Version = 1 };
        var made = await store.ActAsync(async session =>
        {
            if (!await WebhookStore.AddAsync(session, record)) throw new RefusalException(RefusalReason.AlreadyExists, $"{record.Name} exists already") { Field = "webhook_id" };
            await Generation.BumpAsync(session);
            var view = (await WebhookStore.FindViewAsync(session, record.Id))!;
            if (alongside is not null) await alongside(session, view);
            return Acted("webhook.create", actor, null, view);
        }, cancellationToken);
        return (made, text);
    }

    /// <summary>Changes a webhook; a non-empty etag must be the current one.</summary>
    /// <param name="id">Which.</param>
    /// <param name="etag">The etag the caller saw; empty takes the current one.</param>
    /// <param name="change">The next value, from the current one.</param>
    /// <param name="actor">Who.</param>
    /// <param name="dryRun">Checks and answers, changes nothing.</param>
    /// <param name="cancellationToken">The call's.</param>
    public async Task<WebhookView> UpdateAsync(
        string id, string etag, Func<WebhookRecord, WebhookRecord> change, string actor, bool dryRun, CancellationToken cancellationToken)
    {
        var seen = await GetAsync(id, cancellationToken);
        CheckEtag(seen.Webhook, etag);
        var next = change(seen.Webhook) with { Version = seen.Webhook.Version + 1, UpdatedAt = Now() };
        await CheckAsync(next, cancellationToken);
        if (dryRun) return seen with { Webhook = next };
        return await store.ActAsync(session => ReplaceAsync(session, "webhook.update", seen.Webhook, next, actor), cancellationToken);
    }

    /// <summary>Gives it another secret, which is in the answer and nowhere else; the one before signs too for a while.</summary>
    public async Task<(WebhookView Webhook, string Secret)> RotateSecretAsync(string id, string etag, TimeSpan overlap, string actor, CancellationToken cancellationToken)
    {
        if (overlap < TimeSpan.Zero || overlap > LongestOverlap) throw Wrong("previous_secret_lifetime", "must be from zero to 30 days");
        var seen = await GetAsync(id, cancellationToken);
        CheckEtag(seen.Webhook, etag);
        var (sealedSecret, text) = secrets.Make(id);
        var now = Now();
        var keeps = overlap > TimeSpan.Zero;
        var next = seen.Webhook with
        {
            SealedSecret = sealedSecret,
            PreviousSecret = keeps ? seen.Webhook.SealedSecret : null,
            PreviousUntil = keeps ? now + overlap : null,
            Version = seen.Webhook.Version + 1,
            UpdatedAt = now,
        };
        return (await store.ActAsync(session => ReplaceAsync(session, "webhook.rotateSecret", seen.Webhook, next, actor), cancellationToken), text);
    }

    /// <summary>Removes a webhook and what waits for it.</summary>
    public Task<bool> DeleteAsync(string id, string etag, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var old = await WebhookStore.FindViewAsync(session, id) ?? throw Unknown(id);
        CheckEtag(old.Webhook, etag);
        await WebhookStore.DeleteAsync(session, id);
        await Generation.BumpAsync(session);
        return new Acted<bool>(true, Event("webhook.delete", actor, null, old.Webhook, new KeyValuePair<string, string>("undelivered", old.Health.Queued.ToString(CultureInfo.InvariantCulture))));
    }, cancellationToken);

    /// <summary>Sends a message that says nothing, now, also to a webhook that is disabled; what comes of it changes nothing.</summary>
    public async Task<WebhookTrial> TestAsync(string id, CancellationToken cancellationToken)
    {
        var webhook = (await GetAsync(id, cancellationToken)).Webhook;
        var message = WebhookMessage.Test(webhook, WebhookMessage.NewId(), time.GetUtcNow());
        var began = time.GetTimestamp();
        try
        {
            var answer = await caller.CallAsync(webhook, message, webhook.Timeout, cancellationToken);
            return new WebhookTrial(message.Id, answer.Status, answer.Address, answer.IsSuccess ? "" : $"{answer.Address} answered with status {answer.Status}", time.GetElapsedTime(began));
        }
        catch (WebhookFaultException fault)
        {
            return new WebhookTrial(message.Id, 0, "", fault.Message, time.GetElapsedTime(began));
        }
    }

    private async ValueTask<Acted<WebhookView>> ReplaceAsync(StoreSession session, string action, WebhookRecord old, WebhookRecord next, string actor)
    {
        if (!await WebhookStore.ReplaceAsync(session, old, next))
            throw await WebhookStore.FindAsync(session, old.Id) is { } current ? Changed(current) : Unknown(old.Id);
        await Generation.BumpAsync(session);
        return Acted(action, actor, old, (await WebhookStore.FindViewAsync(session, next.Id))!);
    }

    // The ways to write a URL that means something else to another reader are not taken.
    private static void CheckUrl(string url)
    {
        if (url.Length > LongestUrl) throw Wrong("webhook.url", $"has {url.Length} characters; {LongestUrl} are the most");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme != Uri.UriSchemeHttps || !url.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
            || !url.All(c => c is > ' ' and < (char)0x7F) || parsed.Host.Length == 0)
            throw Wrong("webhook.url", $"{Excerpt.Of(url)} is no https URL such as https://hooks.net.gq/grpcca; the messages are for nobody else's eyes");
        if (parsed.UserInfo.Length > 0) throw Wrong("webhook.url", "must not hold a user name or password: the receiver knows us by the signature");
        if (parsed.Fragment.Length > 0) throw Wrong("webhook.url", "must not have a fragment (#…), which is never sent");
    }

    private static void CheckRoots(string pem)
    {
        if (pem.Length == 0) return;
        if (pem.Length > LongestPem) throw Wrong("webhook.ca_pem", $"has {pem.Length} characters; {LongestPem} are the most");
        try
        {
            foreach (var der in Pem.DecodeCertificates(pem))
            {
                using var certificate = X509CertificateLoader.LoadCertificate(der);
                if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
                    throw Wrong("webhook.ca_pem", $"{Excerpt.Of(certificate.Subject)} is no root: {Excerpt.Of(certificate.Issuer)} issued it");
            }
        }
        catch (CryptographicException)
        {
            throw Wrong("webhook.ca_pem", "holds something that is no certificate");
        }
        catch (RefusalException fault) when (fault.Field is null)
        {
            throw Wrong("webhook.ca_pem", fault.Detail);
        }
    }

    private static void CheckEtag(WebhookRecord current, string etag)
    {
        if (etag.Length > 0 && etag != current.Etag) throw Changed(current);
    }

    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    private Acted<WebhookView> Acted(string action, string actor, WebhookRecord? old, WebhookView next) => new(next, Event(action, actor, old, next.Webhook));

    private AuditEvent Event(string action, string actor, WebhookRecord? old, WebhookRecord next, params ReadOnlySpan<KeyValuePair<string, string>> more) =>
        new(time.GetUtcNow(), action, actor, next.Name,
        [
            new("url", next.Url),
            new("events", string.Join(' ', next.Events)),
            new("provisioners", string.Join(' ', next.ProvisionerIds)),
            new("disabled", next.Disabled ? "true" : "false"),
            new("oldUrl", old?.Url ?? ""),
            new("oldEvents", string.Join(' ', old?.Events ?? [])),
            new("oldProvisioners", string.Join(' ', old?.ProvisionerIds ?? [])),
            new("oldDisabled", old is null ? "" : old.Disabled ? "true" : "false"),
            .. more,
        ]);

    private static RefusalException Changed(WebhookRecord current) =>
        new(RefusalReason.Conflict, $"{current.Name} was changed in the meantime: its etag is {current.Etag}; read it again") { Field = "webhook.etag" };

    private static RefusalException Unknown(string id) => new(RefusalReason.NotFound, $"there is no webhook {Excerpt.Of(id)}");

    private static RefusalException Wrong(string field, string detail) => new(RefusalReason.InvalidArgument, detail) { Field = field };
}

/// <summary>How a test message fared.</summary>
/// <param name="MessageId">What the receiver saw as <c>webhook-id</c>.</param>
/// <param name="Status">Of the answer; 0 when there was none.</param>
/// <param name="Address">Where it was sent.</param>
/// <param name="Failure">Why it did not arrive; empty when it did.</param>
/// <param name="Took">From the first look-up to the answer.</param>
internal sealed record WebhookTrial(string MessageId, int Status, string Address, string Failure, TimeSpan Took);

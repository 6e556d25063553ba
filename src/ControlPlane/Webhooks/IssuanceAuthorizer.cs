using System.Collections.Concurrent;
using System.Text.Json;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using Polly;
using Polly.Retry;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>
/// Asks every webhook that wants to be asked before a certificate is issued. Each has to say yes: a no is a refusal with its
/// reason, and no answer that can be understood is a no for now.
/// </summary>
internal sealed class IssuanceAuthorizer(WebhookBook book, WebhookCaller caller, IStore store, TimeProvider time, ILogger<IssuanceAuthorizer> log)
{
    private const int MostTries = 3, LongestReason = 300;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    // Those that answered last, as far as this process knows: that they do again is noted once, not at each answer.
    private readonly ConcurrentDictionary<string, bool> answering = new(StringComparer.Ordinal);

    // One that is being restarted answers a moment later; the webhook's time bounds all of it.
    private readonly ResiliencePipeline<Verdict> retried = new ResiliencePipelineBuilder<Verdict> { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions<Verdict>
        {
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { MayRetry: true }),
            MaxRetryAttempts = MostTries - 1,
            Delay = TimeSpan.FromMilliseconds(200),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    /// <summary>Returns when all of them said yes, at once when there are none.</summary>
    /// <exception cref="RefusalException">Unauthorized: one said no. Unavailable: one gave no answer; asking again makes sense.</exception>
    public async Task AuthorizeAsync(IssuanceQuestion question, CancellationToken cancellationToken)
    {
        var asked = (await book.CurrentAsync(cancellationToken)).Where(w => w.Wants(WebhookEvent.Authorize, question.ProvisionerId)).ToList();
        if (asked.Count == 0) return;
        var verdicts = await Task.WhenAll(asked.Select(webhook => AskAsync(webhook, question, cancellationToken)));
        // A no counts more than silence: asking again would not help.
        foreach (var (webhook, verdict) in asked.Zip(verdicts))
            if (verdict.Refusal is { } reason)
                throw new RefusalException(RefusalReason.Unauthorized, $"{webhook.Name} does not let it be issued: {reason}");
        foreach (var (webhook, verdict) in asked.Zip(verdicts))
            if (verdict.Fault is { } fault)
                throw new RefusalException(RefusalReason.Unavailable, $"{webhook.Name}, which has to agree, gave no answer that counts: {fault}. Try again later") { RetryAfter = RetryAfter };
    }

    private async Task<Verdict> AskAsync(WebhookRecord webhook, IssuanceQuestion question, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var began = time.GetTimestamp();
        var message = WebhookMessage.Of(webhook, question, WebhookMessage.NewId(), now);
        using var bound = new CancellationTokenSource(webhook.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        var last = Verdict.Failed($"no answer within {webhook.Timeout.TotalSeconds:0.#} s", mayRetry: true);
        Verdict verdict;
        try
        {
            verdict = await retried.ExecuteAsync(async cancel =>
            {
                var left = webhook.Timeout - time.GetElapsedTime(began);
                return last = left > TimeSpan.Zero ? await TryAsync(webhook, message, left, cancel) : last;
            }, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            verdict = last;
        }
        if (verdict.Refusal is { } reason) log.Refused(webhook.Name, question.Requester, string.Join(' ', question.Identifiers), reason);
        await NoteAsync(webhook, question, verdict, cancellationToken);
        return verdict;
    }

    private async Task NoteAsync(WebhookRecord webhook, IssuanceQuestion question, Verdict verdict, CancellationToken cancellationToken)
    {
        if (verdict.Fault is { } fault)
        {
            answering.TryRemove(webhook.Id, out _);
            log.NotAnswered(webhook.Name, question.Requester, fault);
            await store.WriteAsync(session => WebhookStore.NoteFailureAsync(session, webhook.Id, fault, givenUp: 0, time.GetUtcNow()), cancellationToken);
        }
        else if (answering.TryAdd(webhook.Id, true))
        {
            await store.WriteAsync(session => WebhookStore.NoteAnswerAsync(session, webhook.Id, time.GetUtcNow()), cancellationToken);
        }
    }

    private async Task<Verdict> TryAsync(WebhookRecord webhook, WebhookMessage message, TimeSpan within, CancellationToken cancellationToken)
    {
        try
        {
            return Read(await caller.CallAsync(webhook, message, within, cancellationToken));
        }
        catch (WebhookFaultException fault)
        {
            return Verdict.Failed(fault.Message, fault.MayRetry);
        }
    }

    private static Verdict Read(WebhookAnswer answer)
    {
        // Only 200 is an answer; what stands in between may come from a proxy that is in the way.
        if (answer.Status != 200) return Verdict.Failed($"{answer.Address} answered with status {answer.Status}", answer.Status is 408 or 429 or >= 500);
        try
        {
            using var json = JsonDocument.Parse(answer.Body);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("allow", out var allow))
            {
                if (allow.ValueKind == JsonValueKind.True) return Verdict.Yes;
                if (allow.ValueKind == JsonValueKind.False) return new Verdict(Reason(json.RootElement), null, false);
            }
        }
        catch (JsonException)
        {
            return Verdict.Failed($"the answer of {answer.Address} is no JSON: \"{SafeExcerpt.Of(answer.Body)}\"", mayRetry: false);
        }
        return Verdict.Failed($"the answer of {answer.Address} has no member 'allow' that is true or false", mayRetry: false);
    }

    private static string Reason(JsonElement answer)
    {
        if (!answer.TryGetProperty("reason", out var member) || member.ValueKind != JsonValueKind.String || member.GetString() is not { Length: > 0 } text)
            return "it gave no reason";
        var shown = new string([.. text.Take(LongestReason).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)]);
        return text.Length > LongestReason ? shown + "…" : shown;
    }

    /// <summary>A yes when both are null.</summary>
    private sealed record Verdict(string? Refusal, string? Fault, bool MayRetry)
    {
        public static readonly Verdict Yes = new(null, null, false);

        public static Verdict Failed(string fault, bool mayRetry) => new(null, fault, mayRetry);
    }
}

using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Http01;

/// <summary>
/// http-01 (RFC 8555 §8.3): asks the name over plain HTTP for the key authorization, follows redirects within the
/// provisioner's ports and ranges, and says exactly what came back.
/// </summary>
internal sealed class Http01Validator(ValidationDialer dialer, ValidationOptions options, TimeProvider time) : IChallengeValidator
{
    private static readonly TimeSpan PeekTime = TimeSpan.FromMilliseconds(250);

    private readonly HttpHop hop = new(dialer);

    public string Type => "http-01";

    public Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken) =>
        BoundedAttempt.RunAsync(task, time, (trace, stop) => FetchAsync(task, trace, stop), cancellationToken);

    private async Task FetchAsync(ChallengeTask task, AttemptTrace trace, CancellationToken cancellationToken)
    {
        var guard = new DialGuard(task.Bounds.Ranges);
        var target = new HttpTarget(Secure: false, task.Identifier.Value, task.Bounds.HttpPort, $"/.well-known/acme-challenge/{task.Token}");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            trace.Url = target.Url;
            trace.HttpStatus = 0;
            seen.Add(target.Url);
            await using var answer = await hop.GetAsync(target, task.Bounds.Resolvers, guard, trace, cancellationToken);
            if (!RedirectRules.IsRedirect(answer.Head.Status))
            {
                await CheckAsync(answer, task.KeyAuthorization, trace, cancellationToken);
                return;
            }
            target = RedirectRules.Follow(target, answer.Head.Location, task.Bounds);
            if (seen.Contains(target.Url)) throw new AttemptFailedException(RefusalReason.Connection, $"{trace.Url} redirects back to {target.Url}: a loop");
            if (seen.Count > options.MaxRedirects)
                throw new AttemptFailedException(RefusalReason.Connection, $"{trace.Url} redirects once more after {options.MaxRedirects} redirects");
        }
    }

    private async Task CheckAsync(HttpAnswer answer, string keyAuthorization, AttemptTrace trace, CancellationToken cancellationToken)
    {
        if (answer.Head.Status != 200) throw await WrongStatusAsync(answer, trace, cancellationToken);
        var body = await answer.Reader.ReadBodyAsync(answer.Head, options.MaxBody, cancellationToken);
        // RFC 8555 §8.3: whitespace at the end of the body is ignored.
        var content = body.AsSpan().TrimEnd(" \t\r\n\v\f"u8);
        if (content.SequenceEqual(Encoding.ASCII.GetBytes(keyAuthorization))) return;
        throw new AttemptFailedException(RefusalReason.IncorrectResponse,
            $"{trace.AddressDialled} answered {trace.Url} with \"{SafeExcerpt.Of(content)}\" ({body.Length} bytes), which is not the key authorization");
    }

    private async Task<AttemptFailedException> WrongStatusAsync(HttpAnswer answer, AttemptTrace trace, CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(PeekTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        var excerpt = SafeExcerpt.Of(await answer.Reader.PeekBodyAsync(either.Token));
        return new AttemptFailedException(RefusalReason.Unauthorized,
            $"{trace.AddressDialled} answered {trace.Url} with status {answer.Head.Status}, not 200{(excerpt.Length > 0 ? $": \"{excerpt}\"" : "")}");
    }
}

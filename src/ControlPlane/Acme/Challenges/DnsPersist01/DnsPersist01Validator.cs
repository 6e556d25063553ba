using System.Collections.Immutable;
using System.Globalization;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.DnsPersist01;

/// <summary>
/// dns-persist-01 (draft-ietf-acme-dns-persist): a standing TXT record that allows one account of this CA the name, and
/// with <c>policy=wildcard</c> its wildcard too, until it is removed or <c>persistUntil</c> has passed.
/// </summary>
internal sealed class DnsPersist01Validator(TxtLookup texts, TimeProvider time) : IChallengeValidator
{
    public string Type => "dns-persist-01";

    public Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken) =>
        BoundedAttempt.RunAsync(task, time, (trace, stop) => LookAsync(task, trace, stop), cancellationToken);

    private async Task LookAsync(ChallengeTask task, AttemptTrace trace, CancellationToken cancellationToken)
    {
        if (task.IssuerDomainNames.IsEmpty)
            throw new AttemptFailedException(RefusalReason.Unauthorized, "this provisioner has no issuer domain names that a record could name", mayRetry: false);
        var name = $"_validation-persist.{task.Identifier.Value}";
        var values = await texts.FindAsync(name, task.Bounds, trace, cancellationToken);
        var refusals = new List<string>();
        foreach (var text in values)
        {
            if (Judge(task, text, trace) is not { } refusal) return;
            refusals.Add($"\"{SafeExcerpt.Of(text)}\" {refusal}");
        }
        throw new AttemptFailedException(RefusalReason.Unauthorized, $"no TXT record of {name} allows it (from {trace.AddressDialled}): {string.Join("; ", refusals.Take(5))}");
    }

    /// <summary>Null when the record allows it, else why not; what is unknown in it does not matter.</summary>
    private string? Judge(ChallengeTask task, string text, AttemptTrace trace)
    {
        if (!IssueValue.TryParse(text, out var value)) return "is not of the form issuer; tag=value; …";
        if (!task.IssuerDomainNames.Contains(value.Issuer, StringComparer.OrdinalIgnoreCase)) return "names another CA";
        ImmutableArray<string> accounts = value.All("accounturi"), policies = value.All("policy"), ends = value.All("persistuntil");
        if (accounts.Length > 1 || policies.Length > 1 || ends.Length > 1) return "has a parameter twice";
        if (accounts.IsEmpty) return "has no accounturi";
        if (!task.AccountUrls.Contains(accounts[0], StringComparer.Ordinal)) return "names another account";
        if (task.Wildcard && !(policies.Length == 1 && policies[0].Equals("wildcard", StringComparison.OrdinalIgnoreCase)))
            return "has no policy=wildcard";
        if (ends.IsEmpty) return null;
        if (!long.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            return "has a persistUntil that is no number of seconds since 1970";
        var end = DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (end < time.GetUtcNow()) return $"has expired: its persistUntil is {end:yyyy-MM-ddTHH:mm:ssZ}";
        trace.GoodUntil = end;
        return null;
    }
}

using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.DnsAccount01;

/// <summary>
/// dns-account-01 (draft-ietf-acme-dns-account-label): dns-01 below a label made of the account's URL. That URL depends
/// on the base URL a client uses, so each that the provisioner has is tried.
/// </summary>
internal sealed class DnsAccount01Validator(TxtLookup texts, TimeProvider time) : IChallengeValidator
{
    public string Type => "dns-account-01";

    public Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken) =>
        BoundedAttempt.RunAsync(task, time, (trace, stop) => LookAsync(task, trace, stop), cancellationToken);

    private async Task LookAsync(ChallengeTask task, AttemptTrace trace, CancellationToken cancellationToken)
    {
        if (task.AccountUrls.IsEmpty)
            throw new AttemptFailedException(RefusalReason.ServerInternal, "no gateway serves this provisioner, so the account has no URL", mayRetry: false);
        var digest = KeyAuthorizationDigest.TextOf(task.KeyAuthorization);
        ChallengeFault? worst = null;
        foreach (var label in task.AccountUrls.Select(AccountLabel.Of).Distinct(StringComparer.Ordinal))
        {
            var name = $"{label}._acme-challenge.{task.Identifier.Value}";
            var (found, fault) = await ValuesAsync(name, task.Bounds, trace, cancellationToken);
            if (found.Contains(digest, StringComparer.Ordinal)) return;
            fault ??= new ChallengeFault(RefusalReason.IncorrectResponse,
                $"none of the {found.Length} TXT records of {name} is the digest of the key authorization (from {trace.AddressDialled}): {TxtLookup.Show(found)}");
            // A record with other content is nearer to the cause than a label nobody uses.
            if (worst is null || (worst.Reason == RefusalReason.Dns && fault.Reason != RefusalReason.Dns)) worst = fault;
        }
        throw new AttemptFailedException(worst!);
    }

    private async Task<(ImmutableArray<string> Values, ChallengeFault? Fault)> ValuesAsync(
        string name, ValidationBounds bounds, AttemptTrace trace, CancellationToken cancellationToken)
    {
        try
        {
            return (await texts.FindAsync(name, bounds, trace, cancellationToken), null);
        }
        catch (AttemptFailedException failed)
        {
            return ([], failed.Fault);
        }
    }
}

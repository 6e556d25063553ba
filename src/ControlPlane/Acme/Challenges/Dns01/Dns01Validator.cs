using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Dns01;

/// <summary>dns-01 (RFC 8555 §8.4): the digest of the key authorization in a TXT record below the name.</summary>
internal sealed class Dns01Validator(TxtLookup texts, TimeProvider time) : IChallengeValidator
{
    public string Type => "dns-01";

    public Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken) =>
        BoundedAttempt.RunAsync(task, time, (trace, stop) => LookAsync(task, trace, stop), cancellationToken);

    private async Task LookAsync(ChallengeTask task, AttemptTrace trace, CancellationToken cancellationToken)
    {
        var name = $"_acme-challenge.{task.Identifier.Value}";
        var values = await texts.FindAsync(name, task.Bounds, trace, cancellationToken);
        // A name and its wildcard are proven at the same place: one of several records suffices.
        if (values.Contains(KeyAuthorizationDigest.TextOf(task.KeyAuthorization), StringComparer.Ordinal)) return;
        throw new AttemptFailedException(RefusalReason.IncorrectResponse,
            $"none of the {values.Length} TXT records of {name} is the digest of the key authorization (from {trace.AddressDialled}): {TxtLookup.Show(values)}");
    }
}

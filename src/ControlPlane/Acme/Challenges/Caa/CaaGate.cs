using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Caa;

/// <summary>A validator whose success counts only if CAA agrees; a DNS fault there is worth another attempt like any other.</summary>
internal sealed class CaaGate(IChallengeValidator validator, CaaChecker checker, ProvisionerRecord provisioner) : IChallengeValidator
{
    public string Type => validator.Type;

    public async Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken)
    {
        var outcome = await validator.ValidateAsync(task, cancellationToken);
        if (outcome.Fault is not null) return outcome;
        try
        {
            await checker.CheckAsync(provisioner, task.Identifier, task.Wildcard, Type, task.AccountUrls, cancellationToken);
            return outcome;
        }
        catch (RefusalException refusal)
        {
            return outcome with { Fault = new ChallengeFault(refusal.Reason, refusal.Detail, MayRetry: refusal.Reason == RefusalReason.Dns) };
        }
    }
}

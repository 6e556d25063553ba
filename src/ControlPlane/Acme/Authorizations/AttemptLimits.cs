using GrpcCa.ControlPlane.Acme.Limits;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>The limit of failed validations, asked about an authorization.</summary>
internal static class AttemptLimits
{
    public static ValueTask<TakenTokens> TakeAttemptAsync(this RequestLimits limits, Authorization authorization, CancellationToken cancellationToken) =>
        limits.TakeAttemptAsync(authorization.ProvisionerId, authorization.AccountId, authorization.Identifier, cancellationToken);

    public static ValueTask ReturnAttemptAsync(this RequestLimits limits, Authorization authorization, CancellationToken cancellationToken) =>
        limits.ReturnAttemptAsync(authorization.ProvisionerId, authorization.AccountId, authorization.Identifier, cancellationToken);
}

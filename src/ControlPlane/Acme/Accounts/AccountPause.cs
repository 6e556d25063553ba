using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>
/// What a paused account is refused: everything that leads to a certificate. It still reads, revokes, changes its key and
/// contacts, and deactivates itself. The problem is rateLimited (429) with a Retry-After, as Let's Encrypt answers paused
/// accounts: clients keep account and key and come back later, which they would not after unauthorized.
/// </summary>
internal static class AccountPause
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromHours(1);

    /// <exception cref="RefusalException">RateLimited, with the operator's message.</exception>
    public static void Check(VerifiedRequest request, AcmeResource resource)
    {
        if (request.Account?.PauseMessage is not { } message || request.IsPostAsGet) return;
        if (resource is AcmeResource.NewOrder or AcmeResource.NewAuthorization or AcmeResource.Challenge or AcmeResource.Finalize) throw Refusal(message);
    }

    public static RefusalException Refusal(string message) =>
        new(RefusalReason.RateLimited, $"an operator of the CA paused the account: {message}") { RetryAfter = AskAgain };
}

using GrpcCa.ControlPlane.Acme.Nonces;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>
/// Turns what a gateway brought into what an account or key is known to have asked (RFC 8555 §6): the door of every
/// ACME room. Nothing behind it looks at a signature, a nonce or a url again.
/// </summary>
internal sealed class RequestVerifier(NonceMint nonces, IAccountDirectory accounts, JwsLimits limits)
{
    /// <summary>Verifies or refuses; the nonce is used up either way, if it can be read at all.</summary>
    public async ValueTask<VerifiedRequest> VerifyAsync(IncomingRequest request, KeyRequirement requirement, CancellationToken ct)
    {
        var reading = SignedMessage.Read(request.Body, limits);
        // RFC 8555 §6.5: used up at its first appearance, so before anything can be refused.
        var nonce = reading.Nonce is null ? NonceVerdict.Unknown : nonces.Redeem(reading.Nonce);
        RequireServed(request);
        var message = reading.IsMessage ? reading.Message : throw reading.Refusal;
        RequireGoodNonce(nonce);
        UrlBinding.Require(message.Url, request);
        RequireKind(message, requirement);
        var account = message.Kid is null ? null : await FindAccountAsync(message.Kid, request, ct);
        message.Verify(account?.Key ?? message.Jwk!);
        return new(request, message, account, limits);
    }

    private static void RequireServed(IncomingRequest request)
    {
        if (request.Gateway.Serves(request.Provisioner)) return;
        throw new RefusalException(RefusalReason.Unauthorized,
            $"this gateway does not serve the provisioner {Excerpt.Of(request.Provisioner)}");
    }

    private static void RequireGoodNonce(NonceVerdict verdict)
    {
        if (verdict == NonceVerdict.Malformed) throw new RefusalException(RefusalReason.Malformed, "the nonce is not base64url");
        if (verdict != NonceVerdict.Good)
            throw new RefusalException(RefusalReason.BadNonce, "the nonce was used before or is not this server's; use the fresh one");
    }

    // RFC 8555 §6.2: jwk where the key is not yet or not at all an account's, kid everywhere else.
    private static void RequireKind(SignedMessage message, KeyRequirement requirement)
    {
        if (requirement == KeyRequirement.Kid && message.Kid is null)
            throw new RefusalException(RefusalReason.Malformed, "this resource needs kid, the account URL, instead of jwk");
        if (requirement == KeyRequirement.Jwk && message.Jwk is null)
            throw new RefusalException(RefusalReason.Malformed, "this resource needs jwk, the key itself, instead of kid");
    }

    private async ValueTask<AccountKey> FindAccountAsync(string kid, IncomingRequest request, CancellationToken ct)
    {
        var account = await accounts.FindAsync(UrlBinding.AccountIdOf(kid, request), ct);
        if (account is null || account.ProvisionerId != request.Provisioner) throw UrlBinding.NoAccount(kid, request);
        // RFC 8555 §7.3.6: refused whatever it signs.
        if (account.Status != AccountStatus.Valid)
        {
            throw new RefusalException(RefusalReason.AccountNotValid,
                account.Status == AccountStatus.Deactivated ? "the account is deactivated" : "the account is revoked");
        }
        return account;
    }
}

using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>Turns what a gateway carries into a verified request: the first step of every ACME call.</summary>
internal sealed class AcmeRequests(RequestVerifier verifier, GatewayBook gateways, ProvisionerBook provisioners, JwsLimits limits)
{
    /// <summary>Refuses a provisioner that the calling gateway may not serve; for what clients ask without a signature.</summary>
    /// <exception cref="RefusalException">AcmeNotFound, in the words of a provisioner that is not there.</exception>
    public async ValueTask CheckServedAsync(string provisionerId, ServerCallContext context)
    {
        var snapshot = await gateways.CurrentAsync(context.CancellationToken);
        if (!snapshot.ById.TryGetValue(context.Caller().Id, out var gateway) || !gateway.MayServe(provisionerId) || await FindAsync(provisionerId, context) is null)
            throw new RefusalException(RefusalReason.AcmeNotFound, $"there is no provisioner {Excerpt.Of(provisionerId)}");
    }

    public async ValueTask<VerifiedRequest> VerifyAsync(
        SignedRequest signed, AcmeResource resource, KeyRequirement requirement, ServerCallContext context, string id = "", string subId = "")
    {
        if (!ResourceName.TryParse(signed.Provisioner, ResourceName.Provisioners, out var provisionerId))
            throw new RefusalException(RefusalReason.InvalidArgument, "must be provisioners/{id}") { Field = "signed.provisioner" };
        var snapshot = await gateways.CurrentAsync(context.CancellationToken);
        if (!snapshot.ById.TryGetValue(context.Caller().Id, out var gateway))
            throw new RefusalException(RefusalReason.PermissionDenied, "the calling gateway was removed");
        var request = new IncomingRequest
        {
            Body = signed.Body.Memory,
            Route = new AcmeRoute(resource, provisionerId, id, subId),
            Gateway = new CallingGateway(gateway.Id, gateway.BaseUrls, gateway.ProvisionerIds),
            AccountOrigins = snapshot.OriginsOf(provisionerId),
            Origin = signed.Origin,
            ClientAddress = signed.ClientAddress,
            UserAgent = signed.UserAgent,
            RequestId = context.RequestId(),
        };
        context.SetAccountUrl(accountId => request.LinkOrigin + new AcmeRoute(AcmeResource.Account, provisionerId, accountId).Path);
        var verified = await verifier.VerifyAsync(request, requirement, context.CancellationToken);
        RequireSmall(verified, resource);
        // After the nonce is used up, like every other refusal (RFC 8555 §6.5).
        var provisioner = await FindAsync(provisionerId, context)
            ?? throw new RefusalException(RefusalReason.AcmeNotFound, $"there is no provisioner {Excerpt.Of(provisionerId)}");
        if (provisioner.Disabled) throw new RefusalException(RefusalReason.Unauthorized, $"{provisioner.Name} is disabled");
        AccountPause.Check(verified, resource);
        return verified;
    }

    // Those of other kinds have no ACME: to its clients they are not there.
    private async ValueTask<ProvisionerRecord?> FindAsync(string provisionerId, ServerCallContext context) =>
        (await provisioners.CurrentAsync(context.CancellationToken)).GetValueOrDefault(provisionerId) is { Kind: ProvisionerKind.Acme } provisioner ? provisioner : null;

    // These two are kept with the certificate, for ever: whoever asks does not choose how much the store keeps.
    private void RequireSmall(VerifiedRequest verified, AcmeResource resource)
    {
        var most = resource switch
        {
            AcmeResource.NewOrder => limits.MaxNewOrderBytes,
            AcmeResource.Finalize => limits.MaxFinalizeBytes,
            _ => int.MaxValue,
        };
        if (verified.Evidence.Length > most)
            throw new RefusalException(RefusalReason.Malformed, $"the request is too large: it has {verified.Evidence.Length} bytes, and {most} are the most here");
    }
}

using System.Collections.Frozen;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Approvals;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>Carries out what was approved: the services' own methods, with the request exactly as it was asked.</summary>
internal sealed class ApprovedCalls(AuthorityApi authorities, NameApi names, ProvisionerApi provisioners, ProfileApi profiles, StateApi states, WebhookApi webhooks, DemandBook demands)
{
    private readonly FrozenDictionary<string, Func<byte[], ServerCallContext, Task>> calls = new Dictionary<string, Func<byte[], ServerCallContext, Task>>
    {
        ["/grpcca.v1.AuthorityService/CreateIssuerChain"] = (request, call) => authorities.CreateIssuerChain(Read(CreateIssuerChainRequest.Parser, request), call),
        ["/grpcca.v1.AuthorityService/DeleteIssuerChain"] = (request, call) => authorities.DeleteIssuerChain(Read(DeleteIssuerChainRequest.Parser, request), call),
        ["/grpcca.v1.NameService/CreateNameRule"] = (request, call) => names.CreateNameRule(Read(CreateNameRuleRequest.Parser, request), call),
        ["/grpcca.v1.NameService/DeleteNameRule"] = (request, call) => names.DeleteNameRule(Read(DeleteNameRuleRequest.Parser, request), call),
        ["/grpcca.v1.NameService/UnsetNameLevel"] = (request, call) => names.UnsetNameLevel(Read(UnsetNameLevelRequest.Parser, request), call),
        ["/grpcca.v1.ProvisionerService/CreateProvisioner"] = (request, call) => provisioners.CreateProvisioner(Read(CreateProvisionerRequest.Parser, request), call),
        ["/grpcca.v1.ProvisionerService/UpdateProvisioner"] = (request, call) => provisioners.UpdateProvisioner(Read(UpdateProvisionerRequest.Parser, request), call),
        ["/grpcca.v1.ProvisionerService/DeleteProvisioner"] = (request, call) => provisioners.DeleteProvisioner(Read(DeleteProvisionerRequest.Parser, request), call),
        ["/grpcca.v1.ProfileService/UpdateProfile"] = (request, call) => profiles.UpdateProfile(Read(UpdateProfileRequest.Parser, request), call),
        ["/grpcca.v1.StateService/ApplyState"] = (request, call) => states.ApplyState(Read(ApplyStateRequest.Parser, request), call),
        ["/grpcca.v1.WebhookService/UpdateWebhook"] = (request, call) => webhooks.UpdateWebhook(Read(UpdateWebhookRequest.Parser, request), call),
        ["/grpcca.v1.WebhookService/DeleteWebhook"] = (request, call) => webhooks.DeleteWebhook(Read(DeleteWebhookRequest.Parser, request), call),
        ["/grpcca.v1.ApprovalService/SetApprovalDemand"] = (request, call) =>
            demands.SetAsync(Read(SetApprovalDemandRequest.Parser, request).Resource, required: false, call.Caller().Actor, call.CancellationToken),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The methods it can carry out; a test wants every marked one.</summary>
    public IEnumerable<string> Methods => calls.Keys;

    /// <exception cref="RefusalException">The room refuses it, under the rules of now.</exception>
    public Task RunAsync(ApprovalRecord approval, ServerCallContext call) => calls.TryGetValue(approval.Method, out var run)
        ? run(approval.Request, call)
        : throw new RefusalException(RefusalReason.FailedPrecondition, $"this program does not know {approval.Method} any more");

    private static T Read<T>(MessageParser<T> parser, byte[] request) where T : IMessage<T> => parser.ParseFrom(request);
}

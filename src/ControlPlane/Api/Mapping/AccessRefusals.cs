using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>What a caller hears that may not call: who it is taken for, and what would help.</summary>
internal static class AccessRefusals
{
    public static RpcException For(ServerCallContext context, Caller caller)
    {
        var (reason, word, detail) = caller switch
        {
            { Fault: { Kind: IdentityFaultKind.Disabled } fault } => (RefusalReason.PermissionDenied, "CALLER_DISABLED", fault.Detail),
            { Fault: { } fault } => (RefusalReason.Unauthenticated, "IDENTITY_UNACCEPTABLE", fault.Detail),
            { Kind: CallerKind.Anonymous } => (RefusalReason.Unauthenticated, "UNAUTHENTICATED", "the call needs a client certificate of the identity authority"),
            _ => (RefusalReason.PermissionDenied, "ROLE_NOT_ALLOWED", $"{caller.Actor} has the role {caller.Role}, which may not call {context.Method}"),
        };
        return RefusalStatus.Of(new RefusalException(reason, detail), context, word).ToRpcException();
    }
}

using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace GrpcCa.AdminCli.Tests.Fakes;

/// <summary>Rich errors as the control plane sends them.</summary>
internal static class Refuse
{
    public static RpcException NotFound(string resource) => With(Code.NotFound, $"{resource} does not exist", "NOT_FOUND",
        new ResourceInfo { ResourceType = "grpcca.dev/Thing", ResourceName = resource });

    public static RpcException Field(string field, string description) => With(Code.InvalidArgument, description, "INVALID",
        new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = field, Description = description } } });

    public static RpcException Approval(string message, string approval)
    {
        var status = new Google.Rpc.Status { Code = (int)Code.FailedPrecondition, Message = message };
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = "APPROVAL_REQUIRED", Domain = "grpcca", Metadata = { ["approval"] = approval } }));
        return status.ToRpcException();
    }

    public static RpcException With(Code code, string message, string reason, params IMessage[] details)
    {
        var status = new Google.Rpc.Status { Code = (int)code, Message = message };
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = reason, Domain = "grpcca" }));
        foreach (var detail in details) status.Details.Add(Any.Pack(detail));
        return status.ToRpcException();
    }
}

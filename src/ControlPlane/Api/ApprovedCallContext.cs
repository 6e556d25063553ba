using Grpc.Core;
using GrpcCa.ControlPlane.Access;

namespace GrpcCa.ControlPlane.Api;

/// <summary>The call of who asked, carried out within the call of who approved: its method, its caller, the approver's deadline.</summary>
internal sealed class ApprovedCallContext : InnerCallContext
{
    public ApprovedCallContext(ServerCallContext approval, string method, Caller asker)
        : base(approval, method)
    {
        this.SetRequestId(approval.RequestId());
        this.SetCaller(asker);
    }

    // It was claimed: whoever gives up waiting does not stop it half way.
    protected override CancellationToken CancellationTokenCore => CancellationToken.None;
}

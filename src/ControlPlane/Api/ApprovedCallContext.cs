using Grpc.Core;
using GrpcCa.ControlPlane.Access;

namespace GrpcCa.ControlPlane.Api;

/// <summary>The call of who asked, carried out within the call of who approved: its method, its caller, the approver's deadline.</summary>
internal sealed class ApprovedCallContext : ServerCallContext
{
    private readonly ServerCallContext approval;
    private readonly string method;

    public ApprovedCallContext(ServerCallContext approval, string method, Caller asker)
    {
        this.approval = approval;
        this.method = method;
        this.SetRequestId(approval.RequestId());
        this.SetCaller(asker);
    }

    protected override string MethodCore => method;

    protected override string HostCore => approval.Host;

    protected override string PeerCore => approval.Peer;

    protected override DateTime DeadlineCore => approval.Deadline;

    protected override Metadata RequestHeadersCore => approval.RequestHeaders;

    // It was claimed: whoever gives up waiting does not stop it half way.
    protected override CancellationToken CancellationTokenCore => CancellationToken.None;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => approval.AuthContext;

    protected override IDictionary<object, object> UserStateCore { get; } = new Dictionary<object, object>();

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => approval.CreatePropagationToken(options);

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
}

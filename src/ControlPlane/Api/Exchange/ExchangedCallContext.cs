using Grpc.Core;

namespace GrpcCa.ControlPlane.Api.Exchange;

/// <summary>One call of a stream: its own method, deadline and state; the stream's peer.</summary>
internal sealed class ExchangedCallContext : InnerCallContext
{
    private readonly DateTime deadline;
    private readonly CancellationToken cancellationToken;

    public ExchangedCallContext(ServerCallContext stream, CallPeer peer, string method, DateTime deadline, CancellationToken cancellationToken)
        : base(stream, method)
    {
        (this.deadline, this.cancellationToken) = (deadline, cancellationToken);
        this.SetStreamPeer(peer);
    }

    protected override DateTime DeadlineCore => deadline;

    protected override CancellationToken CancellationTokenCore => cancellationToken;
}

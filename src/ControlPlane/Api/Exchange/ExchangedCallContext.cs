using Grpc.Core;

namespace GrpcCa.ControlPlane.Api.Exchange;

/// <summary>One call of a stream: its own method, deadline and state; the stream's peer.</summary>
internal sealed class ExchangedCallContext : ServerCallContext
{
    private readonly ServerCallContext stream;
    private readonly string method;
    private readonly DateTime deadline;
    private readonly CancellationToken cancellationToken;

    public ExchangedCallContext(ServerCallContext stream, CallPeer peer, string method, DateTime deadline, CancellationToken cancellationToken)
    {
        (this.stream, this.method, this.deadline, this.cancellationToken) = (stream, method, deadline, cancellationToken);
        this.SetStreamPeer(peer);
    }

    protected override string MethodCore => method;

    protected override string HostCore => stream.Host;

    protected override string PeerCore => stream.Peer;

    protected override DateTime DeadlineCore => deadline;

    protected override Metadata RequestHeadersCore => stream.RequestHeaders;

    protected override CancellationToken CancellationTokenCore => cancellationToken;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => stream.AuthContext;

    protected override IDictionary<object, object> UserStateCore { get; } = new Dictionary<object, object>();

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => stream.CreatePropagationToken(options);

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
}

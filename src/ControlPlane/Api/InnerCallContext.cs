using Grpc.Core;

namespace GrpcCa.ControlPlane.Api;

/// <summary>A call within another: the other's connection and headers, a method, a deadline and a state of its own.</summary>
internal abstract class InnerCallContext(ServerCallContext outer, string method) : ServerCallContext
{
    protected override string MethodCore => method;

    protected override string HostCore => outer.Host;

    protected override string PeerCore => outer.Peer;

    protected override DateTime DeadlineCore => outer.Deadline;

    protected override Metadata RequestHeadersCore => outer.RequestHeaders;

    protected override CancellationToken CancellationTokenCore => outer.CancellationToken;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => outer.AuthContext;

    protected override IDictionary<object, object> UserStateCore { get; } = new Dictionary<object, object>();

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => outer.CreatePropagationToken(options);

    // Those of the outer call are its own to send.
    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
}

using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>
/// Makes the calls of AcmeService over one stream for all (<see cref="ExchangeStream"/>), which costs less than a call of its own for
/// each; all others, and all of them with a control plane that knows no such stream, as they are.
/// </summary>
/// <param name="plain">Makes calls of their own.</param>
/// <param name="epoch">Counts connections: whether there is such a stream is found out anew after each.</param>
[SuppressMessage("Reliability", "CA1001:Types that own disposable fields should be disposable", Justification = "The stream ends with its channel.")]
internal sealed class ExchangeInvoker(CallInvoker plain, Func<int> epoch) : CallInvoker
{
    private const int Never = -1;

    // Larger ones would not fit into a message with others, nor wait for nobody else's sake.
    private const int LargestCarried = ExchangeStream.MostBytesInMessage;

    private static readonly Status Succeeded = new(StatusCode.OK, "");

    private readonly Lock gate = new();
    private ExchangeStream? stream;
    private volatile int unknownAt = Never;

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        if (unknownAt == epoch() || method.ServiceName != AcmeService.Descriptor.FullName || request is not IMessage message || message.CalculateSize() > LargestCarried)
            return plain.AsyncUnaryCall(method, host, options, request);
        var answer = CallAsync(method, host, options, request, message.ToByteString());
        return new AsyncUnaryCall<TResponse>(answer, static _ => Task.FromResult(Metadata.Empty), static s => StatusOf((Task)s), static s => TrailersOf((Task)s), static _ => { }, answer);
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        plain.BlockingUnaryCall(method, host, options, request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => plain.AsyncServerStreamingCall(method, host, options, request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => plain.AsyncClientStreamingCall(method, host, options);

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => plain.AsyncDuplexStreamingCall(method, host, options);

    private async Task<TResponse> CallAsync<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request, ByteString serialized)
        where TRequest : class
        where TResponse : class
    {
        try
        {
            var answer = await Current().CallAsync(method.Name, serialized, options.Deadline, options.CancellationToken);
            return method.ResponseMarshaller.ContextualDeserializer(new ExchangedPayload(answer));
        }
        catch (StreamUnknownException)
        {
            // Nothing of it was carried out: an older control plane refuses the stream as such.
            unknownAt = epoch();
            return await plain.AsyncUnaryCall(method, host, options, request);
        }
    }

    private ExchangeStream Current()
    {
        lock (gate)
        {
            if (stream is { TakesCalls: true }) return stream;
            // One that drains still answers what it has; it ends by itself.
            return stream = new ExchangeStream(new AcmeService.AcmeServiceClient(plain));
        }
    }

    private static Status StatusOf(Task answer) => answer switch
    {
        { IsCompletedSuccessfully: true } => Succeeded,
        { Exception.InnerException: RpcException fault } => fault.Status,
        { IsCompleted: false } => throw new InvalidOperationException("the call has not ended"),
        _ => new Status(StatusCode.Cancelled, ""),
    };

    private static Metadata TrailersOf(Task answer) => answer.Exception?.InnerException is RpcException fault ? fault.Trailers : Metadata.Empty;
}

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
internal sealed class ExchangeInvoker(CallInvoker plain) : CallInvoker
{
    private static readonly Status Succeeded = new(StatusCode.OK, "");

    private readonly Lock gate = new();
    private ExchangeStream? stream;
    private volatile bool isUnknownThere;

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        if (isUnknownThere || method.ServiceName != AcmeService.Descriptor.FullName) return plain.AsyncUnaryCall(method, host, options, request);
        var answer = CallAsync(method, host, options, request);
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

    private async Task<TResponse> CallAsync<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        where TRequest : class
        where TResponse : class
    {
        try
        {
            var answer = await Current().CallAsync(method.Name, ((IMessage)request).ToByteString(), options.Deadline, options.CancellationToken);
            return method.ResponseMarshaller.ContextualDeserializer(new ExchangedPayload(answer));
        }
        catch (StreamUnknownException)
        {
            // Nothing of it was carried out: an older control plane refuses the stream as such.
            isUnknownThere = true;
            return await plain.AsyncUnaryCall(method, host, options, request);
        }
    }

    private ExchangeStream Current()
    {
        lock (gate)
        {
            if (stream is { HasEnded: false }) return stream;
            stream?.Dispose();
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

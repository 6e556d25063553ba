using Grpc.Core;
using Grpc.Core.Interceptors;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>
/// The outermost interceptor: gives the call its id and turns whatever comes out of the rooms into a status. Refusals
/// are told in full; what is not a refusal becomes an internal error with the request id and no story.
/// </summary>
internal sealed class FaultInterceptor(ILogger<FaultInterceptor> logger, TimeProvider time) : Interceptor
{
    // Timers count in a coarser clock than the one that is asked: a call that its deadline ended is not to look given up by its caller.
    private static readonly TimeSpan TimersAreEarly = TimeSpan.FromMilliseconds(50);

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Begin(context);
        try
        {
            return await continuation(request, context);
        }
        catch (Exception fault) when (fault is not RpcException)
        {
            throw Told(fault, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Begin(context);
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception fault) when (fault is not RpcException)
        {
            throw Told(fault, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Begin(context);
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception fault) when (fault is not RpcException)
        {
            throw Told(fault, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Begin(context);
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception fault) when (fault is not RpcException)
        {
            throw Told(fault, context);
        }
    }

    private static void Begin(ServerCallContext context) => context.SetRequestId(RequestIds.Next());

    private RpcException Told(Exception fault, ServerCallContext context)
    {
        var id = context.RequestId();
        switch (fault)
        {
            case RefusalException { Reason: not RefusalReason.ServerInternal } refusal:
                FaultLog.Refused(logger, context.Method, refusal.Reason, refusal.Detail, id);
                return RefusalStatus.Of(refusal, context).ToRpcException();
            case StoreUnavailableException unavailable:
                FaultLog.StoreUnavailable(logger, context.Method, unavailable.Message, id);
                return RefusalStatus.Of(new RefusalException(RefusalReason.Unavailable, "the store takes no writes at the moment; try again later"), context).ToRpcException();
            case OperationCanceledException when context.CancellationToken.IsCancellationRequested:
                return GivenUp(context);
            default:
                FaultLog.Unexpected(logger, fault, context.Method, id);
                return RefusalStatus.Of(new RefusalException(RefusalReason.ServerInternal, $"internal error; the log has it under request {id}"), context).ToRpcException();
        }
    }

    private RpcException GivenUp(ServerCallContext context) => context.Deadline <= time.GetUtcNow().UtcDateTime + TimersAreEarly
        ? new RpcException(new Status(StatusCode.DeadlineExceeded, "the deadline passed before the answer was ready"))
        : new RpcException(new Status(StatusCode.Cancelled, "the caller gave up"));
}

using Grpc.Core;
using Grpc.Core.Interceptors;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>
/// Finds out who calls, and lets the call through only when the method's rule lists the caller's role. What decides is as fresh as
/// the call; streams last, so they look anew each time.
/// </summary>
internal sealed class AccessInterceptor(AccessRules rules, ICallerSource callers) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        using var generation = CallGeneration.Begin();
        await AdmitAsync(context);
        return await continuation(request, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context);
        await continuation(request, responseStream, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context);
        return await continuation(requestStream, context);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context);
        await continuation(requestStream, responseStream, context);
    }

    private async Task AdmitAsync(ServerCallContext context)
    {
        var caller = await callers.ResolveAsync(context);
        if (!rules.Allows(context.Method, caller)) throw AccessRefusals.For(context, caller);
        context.SetCaller(caller);
    }
}

/// <summary>Where the caller of a call is read from: the connection, or a test.</summary>
internal interface ICallerSource
{
    ValueTask<Caller> ResolveAsync(ServerCallContext context);
}

/// <summary>Reads the caller from the connection that Kestrel accepted.</summary>
internal sealed class ConnectionCallerSource(CallerResolver resolver) : ICallerSource
{
    public ValueTask<Caller> ResolveAsync(ServerCallContext context)
    {
        var peer = CallPeer.Of(context);
        return resolver.ResolveAsync(peer.Certificate, peer.Socket, context.CancellationToken);
    }
}

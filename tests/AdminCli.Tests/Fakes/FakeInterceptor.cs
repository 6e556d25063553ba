using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace GrpcCa.AdminCli.Tests.Fakes;

/// <summary>Notes every request, and lets calls hang when a test wants it.</summary>
internal sealed class FakeInterceptor(FakeControlPlane fake) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        fake.Requests.Enqueue((IMessage)request);
        if (fake.Hangs) await Task.Delay(Timeout.Infinite, context.CancellationToken);
        return await continuation(request, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        fake.Requests.Enqueue((IMessage)request);
        await continuation(request, responseStream, context);
    }
}

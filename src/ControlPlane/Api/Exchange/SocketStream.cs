using Grpc.Core;
using GrpcCa.Host;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Exchange;

/// <summary>A stream's messages over a Unix socket, in the shape that they have over gRPC.</summary>
internal sealed class SocketStream(MessageSocket socket) : IAsyncStreamReader<ExchangeRequest>, IServerStreamWriter<ExchangeResponse>
{
    public ExchangeRequest Current { get; private set; } = new();

    public WriteOptions? WriteOptions { get; set; }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (await socket.ReadAsync(ExchangeRequest.Parser, cancellationToken) is not { } message) return false;
        Current = message;
        return true;
    }

    public Task WriteAsync(ExchangeResponse message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(ExchangeResponse message, CancellationToken cancellationToken) => socket.WriteAsync(message, cancellationToken).AsTask();
}

using Grpc.Core;
using GrpcCa.Host;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Exchange;

/// <summary>A stream's messages over a Unix socket, in the shape that they have over gRPC.</summary>
internal sealed class SocketStream(MessageSocket socket) : IAsyncStreamReader<ExchangeRequest>, IServerStreamWriter<ExchangeResponse>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public ExchangeRequest Current { get; private set; } = new();

    public WriteOptions? WriteOptions { get; set; }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (await socket.ReadAsync(ExchangeRequest.Parser, cancellationToken) is not { } message) return false;
        Current = message;
        return true;
    }

    public Task WriteAsync(ExchangeResponse message) => WriteAsync(message, CancellationToken.None);

    /// <exception cref="IOException">The socket is lost, or its other end does not read.</exception>
    public Task WriteAsync(ExchangeResponse message, CancellationToken cancellationToken)
    {
        var sending = socket.WriteAsync(message, cancellationToken);
        return sending.IsCompletedSuccessfully ? Task.CompletedTask : WaitAsync(sending.AsTask());
    }

    private static async Task WaitAsync(Task sending)
    {
        try
        {
            await sending.WaitAsync(Patience);
        }
        catch (TimeoutException fault)
        {
            throw new IOException($"the other end of the socket has read nothing for {Patience.TotalSeconds:0} s", fault);
        }
    }
}

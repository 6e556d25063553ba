using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.Host;
using GrpcCa.V1;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>The control plane has no AcmeService.Exchange: it is older than this gateway.</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Never leaves the room.")]
internal sealed class StreamUnknownException(RpcException inner) : Exception(inner.Status.Detail, inner);

/// <summary>
/// One AcmeService.Exchange stream: calls go out in one message with whatever else waits, answers come back by their number. It
/// lives until it breaks; then every call that was not answered fails as the stream did, and is not repeated. With a control plane on
/// the same host it goes on over a Unix socket (<see cref="ExchangeSocket"/>) once that is there.
/// </summary>
[SuppressMessage("Reliability", "CA1001:Types that own disposable fields should be disposable", Justification = "It ends by itself, at the latest with its channel; then nothing of it holds a resource.")]
internal sealed class ExchangeStream
{
    /// <summary>The control plane reads messages of up to a megabyte: this much is added to, and nothing larger is carried.</summary>
    public const int MostBytesInMessage = 256 * 1024;

    // Calls that wait to be sent; the control plane takes as many at a time. More wait their turn, until their deadline.
    private const int MostWaiting = 1000;

    private const int MostCallsInMessage = 1000;

    private readonly Channel<ExchangedCall> outgoing = Channel.CreateBounded<ExchangedCall>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly ConcurrentDictionary<long, Waiting> pending = new();
    private readonly CancellationTokenSource over = new();
    private readonly AsyncDuplexStreamingCall<ExchangeRequest, ExchangeResponse> stream;
    private Exception? cause;
    private MessageSocket? socket;
    private bool isOffered;
    private long lastId;
    private volatile bool isDraining;

    private readonly record struct Waiting(TaskCompletionSource<ByteString> Answer, DateTime? Deadline);

    public ExchangeStream(AcmeService.AcmeServiceClient client)
    {
        stream = client.Exchange(cancellationToken: over.Token);
        _ = SendAsync();
        _ = ReceiveAsync();
    }

    /// <summary>Whether it is good for more calls: it has not ended, and the control plane has not said that it stops.</summary>
    public bool TakesCalls => !isDraining && Volatile.Read(ref cause) is null;

    /// <summary>Makes a call and returns the serialized response.</summary>
    /// <exception cref="RpcException">What a call of its own would have ended with.</exception>
    /// <exception cref="StreamUnknownException">It was not carried out: there is no such stream.</exception>
    public async Task<ByteString> CallAsync(string method, ByteString request, DateTime? deadline, CancellationToken cancellationToken)
    {
        if (Left(deadline) is var left && deadline is not null && left <= TimeSpan.Zero) throw TooLate();
        var call = new ExchangedCall { Id = Interlocked.Increment(ref lastId), Method = method, Request = request };
        var answer = new TaskCompletionSource<ByteString>(TaskCreationOptions.RunContinuationsAsynchronously);
        pending[call.Id] = new Waiting(answer, deadline);
        try
        {
            if (!outgoing.Writer.TryWrite(call)) await AwaitTurnAsync(call, left, cancellationToken);
            // It may have ended between the look at it and this call, which nobody would fail then.
            if (Volatile.Read(ref cause) is { } fault) answer.TrySetException(fault);
            // What is left after the wait for its turn.
            var rest = Left(deadline);
            return await answer.Task.WaitAsync(deadline is not null && rest < TimeSpan.Zero ? TimeSpan.Zero : rest, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw TooLate();
        }
        catch (ChannelClosedException)
        {
            throw Volatile.Read(ref cause)!;
        }
        catch (OperationCanceledException)
        {
            throw cancellationToken.IsCancellationRequested ? new RpcException(new Status(StatusCode.Cancelled, "the call was given up")) : TooLate();
        }
        finally
        {
            pending.TryRemove(call.Id, out _);
        }
    }

    private async Task AwaitTurnAsync(ExchangedCall call, TimeSpan left, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(left);
        await outgoing.Writer.WriteAsync(call, patience.Token);
    }

    private async Task SendAsync()
    {
        try
        {
            for (var isFirst = true; await outgoing.Reader.WaitToReadAsync(over.Token); isFirst = false)
            {
                var message = new ExchangeRequest { MayMove = isFirst };
                for (var bytes = 0; bytes < MostBytesInMessage && message.Calls.Count < MostCallsInMessage && outgoing.Reader.TryRead(out var call);)
                {
                    // Who gave up while it waited, or is about to, needs no answer; and what was signed is not to be carried out after its client was told so.
                    if (!pending.TryGetValue(call.Id, out var waiting)) continue;
                    if (waiting.Deadline is not null)
                    {
                        if (Left(waiting.Deadline) is var left && left <= TimeSpan.Zero) continue;
                        call.Timeout = Duration.FromTimeSpan(left);
                    }
                    bytes += call.Request.Length;
                    message.Calls.Add(call);
                }
                if (message.Calls.Count == 0 && !isFirst) continue;
                if (Volatile.Read(ref socket) is not { } near) await stream.RequestStream.WriteAsync(message, over.Token);
                else if (!await TrySendAsync(near, message)) return;
            }
        }
        catch (Exception fault)
        {
            // The reading side hears the status, which says more; this is for what only the writing side notices.
            if (!over.IsCancellationRequested && fault is not RpcException and not InvalidOperationException) End(Lost(fault));
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await stream.ResponseStream.MoveNext(over.Token))
            {
                var message = stream.ResponseStream.Current;
                Take(message);
                if (message.Socket is not { } offer || isOffered) continue;
                isOffered = true;
                _ = MoveAsync(offer);
            }
            End(Lost(null));
        }
        catch (RpcException fault)
        {
            End(fault.StatusCode switch
            {
                StatusCode.Unimplemented => new StreamUnknownException(fault),
                StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unavailable => fault,
                // Whatever ended it, calls that it carried got no answer.
                _ => Lost(fault),
            });
        }
        catch (Exception fault)
        {
            End(Lost(fault));
        }
    }

    private void Take(ExchangeResponse message)
    {
        if (message.Draining) isDraining = true;
        foreach (var answer in message.Answers)
            if (pending.TryGetValue(answer.Id, out var waiting)) Answer(waiting.Answer, answer);
    }

    // When the other end is closed, answers may still wait to be read: whoever reads them finds out too, and ends the stream.
    private async ValueTask<bool> TrySendAsync(MessageSocket near, ExchangeRequest message)
    {
        try
        {
            await near.WriteAsync(message, over.Token);
            return true;
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    // Calls that went before are answered where they went.
    private async Task MoveAsync(ExchangeSocket offer)
    {
        try
        {
            using var opened = await NearbySocket.OpenAsync(offer, over.Token);
            if (opened is null) return;
            Volatile.Write(ref socket, opened);
            while (await opened.ReadAsync(ExchangeResponse.Parser, over.Token) is { } message) Take(message);
            // After it said that it stops, the stream has answers to come; it ends what has none.
            if (!isDraining) End(Lost(null));
        }
        catch (Exception fault)
        {
            // Also when the stream has ended: then nothing more happens. A reset comes in place of the end when something was sent too late.
            if (!(isDraining && fault is IOException)) End(Lost(fault));
        }
        finally
        {
            Volatile.Write(ref socket, null);
        }
    }

    private static void Answer(TaskCompletionSource<ByteString> waiting, ExchangedAnswer answer)
    {
        if (answer.Error is { } error) waiting.TrySetException(error.ToRpcException());
        else waiting.TrySetResult(answer.Response);
    }

    private void End(Exception fault)
    {
        if (Interlocked.CompareExchange(ref cause, fault, null) is not null) return;
        outgoing.Writer.TryComplete();
        foreach (var (_, waiting) in pending) waiting.Answer.TrySetException(fault);
        over.Cancel();
        stream.Dispose();
    }

    private static TimeSpan Left(DateTime? deadline) => deadline is { } until ? until - TimeProvider.System.GetUtcNow().UtcDateTime : Timeout.InfiniteTimeSpan;

    private static RpcException Lost(Exception? fault) =>
        new(new Status(StatusCode.Unavailable, fault is null ? "the control plane ended the stream of calls" : $"the stream of calls was lost: {(fault is RpcException rpc ? rpc.Status.Detail : fault.Message)}", fault));

    private static RpcException TooLate() => new(new Status(StatusCode.DeadlineExceeded, "no answer came in time"));
}

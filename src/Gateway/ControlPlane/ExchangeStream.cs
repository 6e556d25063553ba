using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>The control plane has no AcmeService.Exchange: it is older than this gateway.</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Never leaves the room.")]
internal sealed class StreamUnknownException(RpcException inner) : Exception(inner.Status.Detail, inner);

/// <summary>
/// One AcmeService.Exchange stream: calls go out in one message with whatever else waits, answers come back by their number. It
/// lives until it breaks; then every call that was not answered fails as the stream did, and is not repeated.
/// </summary>
internal sealed class ExchangeStream : IDisposable
{
    // Calls that wait to be sent; the control plane takes as many at a time. More wait their turn, until their deadline.
    private const int MostWaiting = 1000;

    // The control plane reads messages of up to a megabyte.
    private const int MostBytesInMessage = 256 * 1024;

    private readonly Channel<ExchangedCall> outgoing = Channel.CreateBounded<ExchangedCall>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly ConcurrentDictionary<long, TaskCompletionSource<ByteString>> pending = new();
    private readonly CancellationTokenSource over = new();
    private readonly AsyncDuplexStreamingCall<ExchangeRequest, ExchangeResponse> stream;
    private Exception? cause;
    private long lastId;

    public ExchangeStream(AcmeService.AcmeServiceClient client)
    {
        stream = client.Exchange(cancellationToken: over.Token);
        _ = SendAsync();
        _ = ReceiveAsync();
    }

    /// <summary>It takes no more calls.</summary>
    public bool HasEnded => Volatile.Read(ref cause) is not null;

    /// <summary>Makes a call and returns the serialized response.</summary>
    /// <exception cref="RpcException">What a call of its own would have ended with.</exception>
    /// <exception cref="StreamUnknownException">It was not carried out: there is no such stream.</exception>
    public async Task<ByteString> CallAsync(string method, ByteString request, DateTime? deadline, CancellationToken cancellationToken)
    {
        var left = deadline is { } until ? until - TimeProvider.System.GetUtcNow().UtcDateTime : Timeout.InfiniteTimeSpan;
        if (deadline is not null && left <= TimeSpan.Zero) throw TooLate();
        var call = new ExchangedCall { Id = Interlocked.Increment(ref lastId), Method = method, Request = request };
        if (deadline is not null) call.Timeout = Duration.FromTimeSpan(left);
        var answer = new TaskCompletionSource<ByteString>(TaskCreationOptions.RunContinuationsAsynchronously);
        pending[call.Id] = answer;
        try
        {
            if (!outgoing.Writer.TryWrite(call)) await outgoing.Writer.WriteAsync(call, cancellationToken).AsTask().WaitAsync(left, cancellationToken);
            // It may have ended between the look at it and this call, which nobody would fail then.
            if (Volatile.Read(ref cause) is { } fault) answer.TrySetException(fault);
            return await answer.Task.WaitAsync(left, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw TooLate();
        }
        catch (ChannelClosedException)
        {
            throw Volatile.Read(ref cause)!;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "the call was given up"));
        }
        finally
        {
            pending.TryRemove(call.Id, out _);
        }
    }

    public void Dispose()
    {
        End(new RpcException(new Status(StatusCode.Unavailable, "the connection to the control plane was closed")));
        stream.Dispose();
        over.Dispose();
    }

    private async Task SendAsync()
    {
        try
        {
            while (await outgoing.Reader.WaitToReadAsync(over.Token))
            {
                var message = new ExchangeRequest();
                for (var bytes = 0; bytes < MostBytesInMessage && outgoing.Reader.TryRead(out var call);)
                {
                    // Who gave up while it waited needs no answer.
                    if (!pending.ContainsKey(call.Id)) continue;
                    bytes += call.Request.Length;
                    message.Calls.Add(call);
                }
                if (message.Calls.Count > 0) await stream.RequestStream.WriteAsync(message, over.Token);
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
                foreach (var answer in stream.ResponseStream.Current.Answers)
                    if (pending.TryGetValue(answer.Id, out var waiting)) Answer(waiting, answer);
            End(Lost(null));
        }
        catch (RpcException fault)
        {
            End(fault.StatusCode == StatusCode.Unimplemented ? new StreamUnknownException(fault) : fault);
        }
        catch (Exception fault)
        {
            End(Lost(fault));
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
        over.Cancel();
        foreach (var (_, waiting) in pending) waiting.TrySetException(fault);
    }

    private static RpcException Lost(Exception? fault) =>
        new(new Status(StatusCode.Unavailable, fault is null ? "the control plane ended the stream of calls" : $"the stream of calls was lost: {fault.Message}", fault));

    private static RpcException TooLate() => new(new Status(StatusCode.DeadlineExceeded, "no answer came in time"));
}

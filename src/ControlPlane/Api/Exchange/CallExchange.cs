using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Host;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Exchange;

/// <summary>
/// AcmeService.Exchange: starts each call of a stream on the pool as it comes and writes the answers as they come, whatever is
/// ready in one message. A full stream is not read until something is answered: then the caller waits, and no memory grows.
/// </summary>
internal sealed class CallExchange(
    FaultInterceptor faults, AccessInterceptor access, FieldBehaviorInterceptor fields, BoundInterceptor bound, ApprovalInterceptor approvals,
    ExchangeDoor door, IHostApplicationLifetime life, TimeProvider time, ILogger<CallExchange> log)
{
    /// <summary>As many as a connection may carry calls of their own.</summary>
    public const int MostCalls = 1000;

    /// <summary>Streams of one connection: one, and one that takes its place.</summary>
    public const int MostStreams = 2;

    // A certificate chain has a few kilobytes; one with a thousand names has more.
    private const int MostAnswersInMessage = 100, MostBytesInMessage = 256 * 1024;

    // What a gateway may send in one: what it puts together has 256 KiB, and a single call less than that.
    private const int LargestMessage = 1024 * 1024;

    private static readonly TimeSpan OfferLasts = TimeSpan.FromSeconds(10);

    // Stands among the answers for what is not one: that a message has something else to say.
    private static readonly ExchangedAnswer Notice = new();

    private readonly Interceptor[] interceptors = [faults, access, fields, bound, approvals];

    // A connection keeps one certificate object for all its calls.
    private readonly ConditionalWeakTable<X509Certificate2, StrongBox<int>> streams = [];

    /// <summary>Serves a stream until its caller ends it, its connection is lost, or the program stops.</summary>
    /// <exception cref="RefusalException">ResourceExhausted: the connection has streams enough.</exception>
    public async Task RunAsync(
        AcmeService.AcmeServiceBase service, IAsyncStreamReader<ExchangeRequest> requests, IServerStreamWriter<ExchangeResponse> answers, ServerCallContext context)
    {
        if (CallPeer.Of(context).Certificate is not { } certificate) throw new RefusalException(RefusalReason.PermissionDenied, "a stream of calls needs a client certificate");
        var open = streams.GetValue(certificate, static _ => new StrongBox<int>());
        try
        {
            if (Interlocked.Increment(ref open.Value) > MostStreams)
                throw new RefusalException(RefusalReason.ResourceExhausted, $"{MostStreams} streams of calls are open on this connection, and no more may be");
            await ServeAsync(new ExchangedMethods(service, interceptors), requests, answers, context, time, log, life.ApplicationStopping, door);
        }
        finally
        {
            Interlocked.Decrement(ref open.Value);
        }
    }

    /// <summary>Serves a stream with these methods.</summary>
    /// <param name="methods">What it carries.</param>
    /// <param name="requests">Calls.</param>
    /// <param name="answers">Where their answers go.</param>
    /// <param name="context">The stream's own call.</param>
    /// <param name="time">The clock of deadlines.</param>
    /// <param name="log">Hears of faults that are not the caller's.</param>
    /// <param name="stopping">The program stops: no more calls are begun.</param>
    /// <param name="door">Where callers on this host may go on; null when they may not.</param>
    public static Task ServeAsync(
        ExchangedMethods methods, IAsyncStreamReader<ExchangeRequest> requests, IServerStreamWriter<ExchangeResponse> answers, ServerCallContext context,
        TimeProvider time, ILogger log, CancellationToken stopping, ExchangeDoor? door = null) =>
        ServeAsync(new Served(methods, context, CallPeer.Of(context), time, log, door), requests, answers, context, isMoved: false, stopping);

    private static async Task ServeAsync(
        Served served, IAsyncStreamReader<ExchangeRequest> requests, IServerStreamWriter<ExchangeResponse> answers, ServerCallContext context, bool isMoved,
        CancellationToken stopping)
    {
        using var stream = served;
        var writing = stream.WriteAsync(answers);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
        try
        {
            await stream.ReadAsync(requests, reading.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException || context.CancellationToken.IsCancellationRequested)
        {
            // Else the caller went away, and nobody hears how the stream ends.
            if (stopping.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
                throw new RefusalException(RefusalReason.Unavailable, "the server stops");
        }
        finally
        {
            // What was begun is answered before the stream ends. A socket that ends alone, as after what was no message, is just closed:
            // whoever is told that the server stops keeps the stream for what is still to come.
            await stream.EndAsync(writing, mayBeStopping: !isMoved || stopping.IsCancellationRequested);
        }
    }

    private sealed class Served(ExchangedMethods methods, ServerCallContext context, CallPeer peer, TimeProvider time, ILogger log, ExchangeDoor? door) : IDisposable
    {
        private readonly SemaphoreSlim room = new(MostCalls);
        private readonly Channel<ExchangedAnswer> outgoing = Channel.CreateUnbounded<ExchangedAnswer>(
            new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
        private readonly CancellationTokenSource lost = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        private readonly CancellationTokenSource ending = new();
        private ExchangeDoor? door = door;
        private ExchangeDoor.Offer? offer;
        private ExchangeSocket? announced;
        private Task moved = Task.CompletedTask;
        private volatile bool isDraining;

        /// <summary>Begins the calls that the stream brings, until it ends.</summary>
        public async Task ReadAsync(IAsyncStreamReader<ExchangeRequest> requests, CancellationToken cancellationToken)
        {
            using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lost.Token);
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            // On the pool, so that calls do not begin with what belongs to the stream's own.
            ThreadPool.UnsafeQueueUserWorkItem(
                static s => _ = s.Stream.ReadOnAsync(s.Requests, null, s.Ended, s.Token),
                (Stream: this, Requests: requests, any.Token, Ended: ended), preferLocal: false);
            await ended.Task;
        }

        // The next message is waited for before the last call of this one begins, which then needs no thread but this one: with one
        // client each thread that is woken costs as much as a read of the store, and the pool wakes a second one beside it.
        private async Task ReadOnAsync(
            IAsyncStreamReader<ExchangeRequest> requests, Task<bool>? next, TaskCompletionSource ended, CancellationToken cancellationToken)
        {
            try
            {
                // Never on the stack of the one that handed over, whose call would have to wait.
                next ??= requests.MoveNext(cancellationToken);
                var hasMessage = await next.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                while (hasMessage)
                {
                    var calls = requests.Current.Calls;
                    if (requests.Current.MayMove) OfferToMove();
                    if (calls.Count > MostCalls) throw new RefusalException(RefusalReason.InvalidArgument, $"has {calls.Count} elements; at most {MostCalls} are read") { Field = "calls" };
                    var at = time.GetUtcNow();
                    for (var i = 0; i < calls.Count; i++)
                    {
                        await room.WaitAsync(cancellationToken);
                        if (i < calls.Count - 1) Begin(calls[i], at);
                    }
                    try
                    {
                        next = requests.MoveNext(cancellationToken);
                    }
                    catch when (calls.Count > 0)
                    {
                        // Whoever has a place is answered.
                        Begin(calls[^1], at);
                        throw;
                    }
                    if (!next.IsCompleted)
                    {
                        _ = ReadOnAsync(requests, next, ended, cancellationToken);
                        if (calls.Count > 0) _ = AnswerAsync(calls[^1], at);
                        return;
                    }
                    if (calls.Count > 0) Begin(calls[^1], at);
                    hasMessage = await next;
                }
                ended.TrySetResult();
            }
            catch (Exception fault)
            {
                ended.TrySetException(fault);
            }
        }

        private void Begin(ExchangedCall call, DateTimeOffset at) =>
            ThreadPool.UnsafeQueueUserWorkItem(static s => _ = s.Stream.AnswerAsync(s.Call, s.At), (Stream: this, Call: call, At: at), preferLocal: false);

        /// <summary>Waits for the calls under way, then for their answers to be written.</summary>
        public async Task EndAsync(Task writing, bool mayBeStopping)
        {
            // Said also when it is the caller who ends: then nobody listens.
            isDraining = mayBeStopping;
            if (mayBeStopping) outgoing.Writer.TryWrite(Notice);
            // What moved is part of the stream, and its calls are the stream's.
            await ending.CancelAsync();
            offer?.Dispose();
            await moved;
            // All places taken: nobody is under way. A call ends at its deadline or with the connection.
            for (var i = 0; i < MostCalls; i++) await room.WaitAsync(CancellationToken.None);
            outgoing.Writer.TryComplete();
            await writing;
        }

        public void Dispose()
        {
            lost.Dispose();
            ending.Dispose();
            room.Dispose();
        }

        public async Task WriteAsync(IServerStreamWriter<ExchangeResponse> answers)
        {
            Exception? broken = null;
            while (true)
            {
                var waiting = outgoing.Reader.WaitToReadAsync(CancellationToken.None);
                var hasSlept = !waiting.IsCompleted;
                if (!await waiting) break;
                // Woken on the thread of whoever has an answer. Another one comes to write while others are under way, so that their answers
                // share the message: sent at once they would wake the gateway for each.
                if (hasSlept && room.CurrentCount < MostCalls - 1) await Task.Yield();
                var message = new ExchangeResponse();
                for (var bytes = 0; bytes < MostBytesInMessage && message.Answers.Count < MostAnswersInMessage && outgoing.Reader.TryRead(out var answer);)
                {
                    if (ReferenceEquals(answer, Notice)) (message.Draining, message.Socket) = (isDraining, message.Socket ?? Interlocked.Exchange(ref announced, null));
                    else message.Answers.Add(answer);
                    bytes += answer.Response.Length;
                }
                try
                {
                    if (broken is null) await answers.WriteAsync(message, context.CancellationToken);
                }
                catch (Exception fault)
                {
                    // Nobody hears the answers any more. What is under way is told so, and its places are freed all the same.
                    broken = fault;
                    try
                    {
                        await lost.CancelAsync();
                    }
                    catch (AggregateException further)
                    {
                        // Whoever is told fails to hear it; the others must still get to their end.
                        broken = new AggregateException(fault, further);
                    }
                }
                finally
                {
                    if (message.Answers.Count > 0) room.Release(message.Answers.Count);
                }
            }
            // The usual ways to find out that the caller went away; the stream's own end tells them.
            if (broken is not (null or OperationCanceledException or InvalidOperationException or IOException))
                throw new IOException("the answers of a stream could not be written", broken);
        }

        // Once in a stream, and not again in what moved.
        private void OfferToMove()
        {
            if (Interlocked.Exchange(ref door, null) is not { } open || !peer.IsOnThisHost || open.Open() is not { } opened) return;
            (offer, announced) = (opened, opened.Message);
            moved = MoveAsync(opened);
            outgoing.Writer.TryWrite(Notice);
        }

        // A caller goes there at once or never; a secret that lies about for days could be somebody else's.
        private async Task<Socket?> TakenAsync(ExchangeDoor.Offer opened)
        {
            try
            {
                return await opened.Taken.WaitAsync(OfferLasts, time);
            }
            catch (TimeoutException)
            {
                opened.Dispose();
                return await opened.Taken;
            }
        }

        private async Task MoveAsync(ExchangeDoor.Offer opened)
        {
            try
            {
                if (await TakenAsync(opened) is not { } socket) return;
                using var messages = new MessageSocket(socket, LargestMessage);
                ExchangeLog.Moved(log, opened.Message.Path);
                var stream = new SocketStream(messages);
                await ServeAsync(new Served(methods, context, peer, time, log, door: null), stream, stream, context, isMoved: true, ending.Token);
            }
            catch (RefusalException) when (ending.IsCancellationRequested)
            {
                // With the stream that it belongs to.
            }
            catch (Exception fault) when (fault is RefusalException or IOException or OperationCanceledException)
            {
                // There is no status to send: the closed socket says it.
                ExchangeLog.MoveEnded(log, fault.Message);
            }
            catch (Exception fault)
            {
                FaultLog.Unexpected(log, fault, context.Method, RequestIds.Next());
            }
        }

        private async Task AnswerAsync(ExchangedCall call, DateTimeOffset at)
        {
            var answer = new ExchangedAnswer { Id = call.Id };
            try
            {
                answer.Response = await RunAsync(call, at);
            }
            catch (RpcException fault)
            {
                answer.Error = fault.GetRpcStatus() ?? new Google.Rpc.Status { Code = (int)fault.StatusCode, Message = fault.Status.Detail };
            }
            catch (InvalidProtocolBufferException fault)
            {
                answer.Error = new Google.Rpc.Status { Code = (int)StatusCode.InvalidArgument, Message = $"the request of {call.Method} cannot be read: {fault.Message}" };
            }
            catch (Exception fault)
            {
                // Beyond the interceptors, which turn every fault into a status.
                var id = RequestIds.Next();
                FaultLog.Unexpected(log, fault, call.Method, id);
                answer.Error = new Google.Rpc.Status { Code = (int)StatusCode.Internal, Message = $"internal error; the log has it under request {id}" };
            }
            // Its place is free when the answer is written, so that answers that are not taken do not pile up.
            outgoing.Writer.TryWrite(answer);
        }

        private async Task<ByteString> RunAsync(ExchangedCall call, DateTimeOffset at)
        {
            var run = methods.Find(call.Method) ?? throw new RpcException(new Status(StatusCode.Unimplemented, "AcmeService has no such method that a stream can carry"));
            using var over = CancellationTokenSource.CreateLinkedTokenSource(lost.Token);
            var deadline = DateTime.MaxValue;
            if (call.Timeout is { } timeout)
            {
                // It counts from when the call was read, also when it had to wait for its place.
                var (now, until) = (time.GetUtcNow(), at + Timeout(timeout));
                deadline = until.UtcDateTime;
                if (until <= now) throw new RpcException(new Status(StatusCode.DeadlineExceeded, "the deadline passed before the call began"));
                over.CancelAfter(until - now);
            }
            return await run(call.Request, new ExchangedCallContext(context, peer, $"/{AcmeService.Descriptor.FullName}/{call.Method}", deadline, over.Token));
        }

        private static TimeSpan Timeout(Google.Protobuf.WellKnownTypes.Duration timeout)
        {
            if (timeout.Seconds is < 0 or > 3600 || timeout.Nanos is < 0 or > 999_999_999)
                throw new RpcException(new Status(StatusCode.InvalidArgument, "timeout: is from 0 to an hour"));
            return timeout.ToTimeSpan();
        }
    }
}

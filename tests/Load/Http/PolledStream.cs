using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace GrpcCa.Load.Http;

/// <summary>
/// A socket that blocks, until it becomes one of a <see cref="ClientThread"/>: then reading waits for what the thread is told, one reader at a
/// time, and writing keeps what it is given until the thread sends. A fault of sending is told by the next reading.
/// </summary>
internal sealed class PolledStream(Socket socket) : Stream, IValueTaskSource<int>
{
    // Requests are small beside the kernel's buffer; a peer that leaves them there this long takes none.
    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(30);

    private ClientThread? thread;
    private ManualResetValueTaskSourceCore<int> source;
    private CancellationTokenRegistration cancellation;
    private Memory<byte> target;
    private byte[] output = new byte[2048];
    private int outputLength;
    private SocketError fault;
    private bool waiting, readable, ended;

    /// <summary>The operating system's number of the socket.</summary>
    public int Number { get; } = (int)socket.Handle;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>From now on it is waited for on <paramref name="clients"/>, where this is called.</summary>
    public void MoveTo(ClientThread clients)
    {
        socket.Blocking = false;
        thread = clients;
        thread.Add(this);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        thread!.RequireThread();
        if (TryReceive(buffer.Span, out var read)) return fault == SocketError.Success ? ValueTask.FromResult(read) : ValueTask.FromException<int>(Fault());
        source.Reset();
        (target, waiting) = (buffer, true);
        if (cancellationToken.CanBeCanceled) cancellation = cancellationToken.UnsafeRegister(static (s, token) => ((PolledStream)s!).GiveUpSoon(token), this);
        return new ValueTask<int>(this, source.Version);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (output.Length < outputLength + buffer.Length) Array.Resize(ref output, Math.Max(2 * output.Length, outputLength + buffer.Length));
        buffer.CopyTo(output.AsMemory(outputLength));
        if (outputLength == 0 && buffer.Length > 0) thread!.SendSoon(this);
        outputLength += buffer.Length;
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends what was written.</summary>
    public void Send()
    {
        for (var rest = output.AsSpan(0, outputLength); !rest.IsEmpty && fault == SocketError.Success;)
        {
            var sent = socket.Send(rest, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) fault = socket.Poll(SendPatience, SelectMode.SelectWrite) ? SocketError.Success : SocketError.TimedOut;
            else if (error != SocketError.Success) fault = error;
            else rest = rest[sent..];
        }
        outputLength = 0;
        if (fault != SocketError.Success) GoOn();
    }

    /// <summary>Something came, or the connection ended.</summary>
    public void Arrived(bool end)
    {
        readable = true;
        ended |= end;
        GoOn();
    }

    public override void Flush()
    {
        // The thread does, in a moment.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => socket.Receive(buffer, offset, count, SocketFlags.None);

    public override void Write(byte[] buffer, int offset, int count) => socket.Send(buffer, offset, count, SocketFlags.None);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);

    protected override void Dispose(bool disposing)
    {
        if (disposing && fault != SocketError.OperationAborted)
        {
            fault = SocketError.OperationAborted;
            outputLength = 0;
            thread?.Remove(this);
            socket.Dispose();
            GoOn();
        }
        base.Dispose(disposing);
    }

    private void GoOn()
    {
        if (!waiting || !TryReceive(target.Span, out var read)) return;
        StopWaiting();
        if (fault == SocketError.Success) source.SetResult(read);
        else source.SetException(Fault());
    }

    // True when there is an outcome: bytes, the end (none), or a fault.
    private bool TryReceive(Span<byte> buffer, out int read)
    {
        read = 0;
        if (fault != SocketError.Success) return true;
        if (!readable) return false;
        read = socket.Receive(buffer, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            readable = false;
            return false;
        }
        fault = error;
        // Fewer bytes than there was room for: there are no more, unless the end came with them, of which the kernel tells no second time.
        readable = read == buffer.Length || ended;
        return true;
    }

    private void GiveUpSoon(CancellationToken cancellationToken)
    {
        var asked = source.Version;
        thread!.Post(_ =>
        {
            if (!waiting || source.Version != asked) return;
            StopWaiting();
            source.SetException(new OperationCanceledException(cancellationToken));
        }, null);
    }

    private void StopWaiting()
    {
        (waiting, target) = (false, default);
        cancellation.Dispose();
        cancellation = default;
    }

    private SocketException Fault() => new((int)fault);
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GrpcCa.Load.Http;

/// <summary>
/// A thread on which clients run and on which their sockets are waited for. What arrives goes on here at once and needs no other thread woken,
/// and what clients send meanwhile leaves together: a measurement's load is to take little of the machine that it measures.
/// </summary>
internal sealed class ClientThread : SynchronizationContext, IDisposable
{
    private readonly ConcurrentQueue<(SendOrPostCallback Go, object? State)> posted = new();
    private readonly Dictionary<int, PolledStream> streams = [];
    private readonly List<PolledStream> unsent = [];
    private readonly Epoll poll = new();
    private readonly Socket bell = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
    private readonly Thread thread;
    private int rung;
    private volatile bool over;

    public ClientThread()
    {
        // To itself, on loopback: what others post wakes the thread.
        bell.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        bell.Connect(bell.LocalEndPoint!);
        poll.Watch((int)bell.Handle);
        thread = new Thread(Loop) { IsBackground = true, Name = "clients" };
        thread.Start();
    }

    /// <summary>The thread that the caller runs on.</summary>
    /// <exception cref="InvalidOperationException">It runs on another.</exception>
    public static ClientThread Mine => SynchronizationContext.Current as ClientThread ?? throw new InvalidOperationException("connections are made on a thread of clients");

    /// <summary>Runs work here, all of it between its waits.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        var begun = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(_ => begun.SetResult(BeginAsync()), null);
        return begun.Task.Unwrap();

        async Task<T> BeginAsync() => await work();
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Func<Task> work) => RunAsync(async () =>
    {
        await work();
        return true;
    });

    public override void Post(SendOrPostCallback d, object? state)
    {
        posted.Enqueue((d, state));
        if (Thread.CurrentThread != thread && Interlocked.Exchange(ref rung, 1) == 0) bell.Send([1]);
    }

    public void Add(PolledStream stream)
    {
        streams.Add(stream.Number, stream);
        poll.Watch(stream.Number);
    }

    public void Remove(PolledStream stream) => streams.Remove(stream.Number);

    /// <summary>Has the stream send what it holds when nobody here goes on before something arrives.</summary>
    public void SendSoon(PolledStream stream)
    {
        RequireThread();
        unsent.Add(stream);
    }

    /// <summary>A connection has no locks: who comes to it from another thread is told so at once.</summary>
    /// <exception cref="InvalidOperationException">The caller runs on another thread.</exception>
    public void RequireThread()
    {
        if (Thread.CurrentThread != thread) throw new InvalidOperationException("a connection is used on another thread than its own");
    }

    public void Dispose()
    {
        over = true;
        Post(_ => { }, null);
        thread.Join();
        bell.Dispose();
        poll.Dispose();
    }

    private void Loop()
    {
        SetSynchronizationContext(this);
        while (!over)
        {
            // No more than there are: who posts again waits for its next turn.
            for (var count = posted.Count; count > 0 && posted.TryDequeue(out var next); count--) next.Go(next.State);
            foreach (var stream in unsent) stream.Send();
            unsent.Clear();
            var arrived = poll.Wait(forever: posted.IsEmpty && !over);
            for (var i = 0; i < arrived; i++)
            {
                var (number, ended) = poll[i];
                if (streams.TryGetValue(number, out var stream)) stream.Arrived(ended);
                else if (number == bell.Handle) Silence();
            }
        }
    }

    private void Silence()
    {
        Span<byte> ring = stackalloc byte[8];
        while (bell.Receive(ring, SocketFlags.None, out var error) > 0 && error == SocketError.Success)
        {
            // Each ring is one message.
        }
        // A full fence, so that the queue is looked at after it: what is posted from here on rings again.
        Interlocked.Exchange(ref rung, 0);
    }
}

using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Google.Protobuf;
using GrpcCa.Host;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Exchange;

/// <summary>
/// The Unix socket at which streams of callers on this host go on (<see cref="ExchangeSocket"/>). Who is let in is decided by a
/// secret that only the stream has heard, over its TLS; its directory, of mode 0700, keeps away whoever would listen in its place.
/// </summary>
/// <param name="path">The socket; null for none.</param>
/// <param name="log">Hears why it cannot be opened.</param>
internal sealed class ExchangeDoor(string? path, ILogger<ExchangeDoor> log) : IHostedService, IDisposable
{
    private const int SecretSize = 32;

    // Who has connected and not shown its secret yet: as many at a time, for as long.
    private const int MostGreeted = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(1);

    // By the hash of the secret: how long a look takes says nothing about a secret.
    private readonly ConcurrentDictionary<string, Offer> offers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();
    private Socket? listener;
    private Task accepting = Task.CompletedTask;
    private int greeted;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (path is null) return Task.CompletedTask;
        try
        {
            SocketFile.Claim(path);
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, SyncedFile.Private);
            listener.Listen();
            accepting = AcceptAsync(listener);
        }
        catch (Exception fault) when (fault is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A gateway on this host stays with TLS, as one elsewhere does.
            ExchangeLog.DoorClosed(log, path, fault.Message);
            listener?.Dispose();
            listener = null;
        }
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        listener?.Dispose();
        await accepting;
    }

    public void Dispose()
    {
        listener?.Dispose();
        stopping.Dispose();
    }

    /// <summary>Streams that may go on and have not done so.</summary>
    public int Offers => offers.Count;

    /// <summary>Lets a stream go on at the socket; null when there is none. The offer holds until it is disposed.</summary>
    public Offer? Open() => listener is null ? null : new Offer(this, path!);

    private async Task AcceptAsync(Socket listening)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await listening.AcceptAsync(stopping.Token);
                if (Interlocked.Increment(ref greeted) <= MostGreeted) _ = GreetAsync(socket);
                else Refuse(socket);
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException || stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // Such as too many open files: it passes.
                ExchangeLog.NotAccepted(log, fault.Message);
                await Task.Delay(PauseAfterFault, CancellationToken.None);
            }
        }
    }

    private async Task GreetAsync(Socket socket)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        patience.CancelAfter(Patience);
        try
        {
            var secret = new byte[SecretSize];
            for (var read = 0; read < SecretSize;)
            {
                var more = await socket.ReceiveAsync(secret.AsMemory(read), patience.Token);
                if (more == 0) throw new EndOfStreamException();
                read += more;
            }
            if (!offers.TryRemove(KeyOf(secret), out var offer)) throw new EndOfStreamException();
            for (var sent = 0; sent < SecretSize;) sent += await socket.SendAsync(offer.Message.Proof.Memory[sent..], patience.Token);
            Interlocked.Decrement(ref greeted);
            offer.Take(socket);
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or IOException)
        {
            // Nobody that anything was promised to.
            Refuse(socket);
        }
    }

    private void Refuse(Socket socket)
    {
        Interlocked.Decrement(ref greeted);
        socket.Dispose();
    }

    private static string KeyOf(ReadOnlySpan<byte> secret) => Convert.ToHexString(SHA256.HashData(secret));

    /// <summary>That one stream may go on at the socket. What was taken belongs to the stream; what comes after it was withdrawn is closed.</summary>
    public sealed class Offer : IDisposable
    {
        private readonly TaskCompletionSource<Socket?> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ExchangeDoor door;
        private readonly string key;

        public Offer(ExchangeDoor door, string path)
        {
            var secret = RandomNumberGenerator.GetBytes(SecretSize);
            Message = new ExchangeSocket { Path = path, Secret = ByteString.CopyFrom(secret), Proof = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(SecretSize)) };
            (this.door, key) = (door, KeyOf(secret));
            door.offers[key] = this;
        }

        /// <summary>What the caller is told.</summary>
        public ExchangeSocket Message { get; }

        /// <summary>The socket of whoever knew the secret; null when nobody came before the offer was withdrawn.</summary>
        public Task<Socket?> Taken => taken.Task;

        public void Take(Socket socket)
        {
            if (!taken.TrySetResult(socket)) socket.Dispose();
        }

        public void Dispose()
        {
            door.offers.TryRemove(key, out _);
            taken.TrySetResult(null);
        }
    }
}

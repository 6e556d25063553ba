using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Exchange;
using GrpcCa.Host;
using GrpcCa.TestKit;
using GrpcCa.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<GrpcCa.V1.ExchangeRequest, GrpcCa.V1.ExchangeResponse>;

namespace GrpcCa.ControlPlane.Tests.Api.Exchange;

/// <summary>Streams that go on over a Unix socket, spoken by hand: who is let in, whom the calls belong to, and when it ends.</summary>
public sealed class ExchangeDoorTests : IDisposable
{
    private const int SecretSize = 32;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("door-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task Stream_ThatMayMove_IsTheSameCallerAtTheSocket_AndEndsIt()
    {
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        using var stream = Open(house);
        using var socket = await EnterAsync(await OfferAsync(stream));
        Assert.Equal(1, (await MintAsync(socket, 1)).Id);
        // Both ways at the same time.
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { Mint(2) }, MayMove = true });
        Assert.Equal(2, Assert.Single((await NextAsync(stream)).Answers).Id);
        Assert.NotEmpty((await MintAsync(socket, 3)).Response);

        await new GatewayService.GatewayServiceClient(house.Admin()).DisableGatewayAsync(new DisableGatewayRequest { Name = "gateways/" + house.Gateway.Id });
        Assert.Equal((int)StatusCode.PermissionDenied, (await MintAsync(socket, 4)).Error.Code);

        await stream.RequestStream.CompleteAsync();
        Assert.True((await socket.ReadAsync(ExchangeResponse.Parser, TestContext.Current.CancellationToken))!.Draining);
        Assert.Null(await socket.ReadAsync(ExchangeResponse.Parser, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Connection_ThatIsLost_EndsTheSocket()
    {
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        var stream = Open(house);
        using var socket = await EnterAsync(await OfferAsync(stream));
        Assert.Equal(1, (await MintAsync(socket, 1)).Id);
        // As a connection that breaks: the stream is reset.
        stream.Dispose();
        await AssertClosedAsync(socket);
    }

    [Fact]
    public async Task Stream_ThatDoesNotAsk_IsOfferedNothing()
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { Mint(1) } });
        Assert.Null((await NextAsync(stream)).Socket);
    }

    [Fact]
    public async Task Secret_WorksOnce_AndNothingElseDoes()
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        var offer = await OfferAsync(stream);
        using (var wrong = await ConnectAsync(offer))
        {
            await wrong.SendAsync(new byte[SecretSize]);
            Assert.Equal(0, await wrong.ReceiveAsync(new byte[1]));
        }
        using (var half = await ConnectAsync(offer))
        {
            await half.SendAsync(offer.Secret.Memory[..(SecretSize / 2)]);
            half.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await half.ReceiveAsync(new byte[1]));
        }
        using var right = await EnterAsync(offer);
        using (var again = await ConnectAsync(offer))
        {
            await again.SendAsync(offer.Secret.Memory);
            Assert.Equal(0, await again.ReceiveAsync(new byte[1]));
        }
        Assert.Equal(1, (await MintAsync(right, 1)).Id);
    }

    [Fact]
    public async Task Secret_OfAStreamThatEnded_WorksNoMore()
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        var offer = await OfferAsync(stream);
        await stream.RequestStream.CompleteAsync();
        while (await stream.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
        {
        }
        using var late = await ConnectAsync(offer);
        await late.SendAsync(offer.Secret.Memory);
        Assert.Equal(0, await late.ReceiveAsync(new byte[1]));
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(4)]
    public async Task Socket_ThatSendsNoMessage_IsClosed_AndTheStreamGoesOn(int length)
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        var offer = await OfferAsync(stream);
        using var socket = await ConnectAsync(offer);
        await socket.SendAsync(offer.Secret.Memory);
        await ReceiveAsync(socket, SecretSize);
        var frame = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(frame, length);
        frame.AsSpan(4).Fill(0xFF);
        await socket.SendAsync(frame);
        // Closed without a word: nobody may take it for a server that stops.
        Assert.Equal(0, await socket.ReceiveAsync(new byte[64], TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience));
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { Mint(1) } });
        Assert.Equal(1, Assert.Single((await NextAsync(stream)).Answers).Id);
    }

    [Fact]
    public async Task Stop_WithAStreamThatMoved_AnswersWhatWasBegunAndCloses()
    {
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        using var stream = Open(house);
        using var socket = await EnterAsync(await OfferAsync(stream));
        Assert.Equal(1, (await MintAsync(socket, 1)).Id);
        var stopping = house.StopControlPlaneAsync();
        Assert.True((await socket.ReadAsync(ExchangeResponse.Parser, TestContext.Current.CancellationToken))!.Draining);
        await AssertClosedAsync(socket);
        // Whoever does not listen to its end keeps the connection open, and the program waits for that.
        await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await stream.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
            {
            }
        });
        await stopping.WaitAsync(Patience);
    }

    [Fact]
    public async Task Answers_OverASocketThatNobodyReads_DoNotPileUp()
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        var offer = await OfferAsync(stream);
        using var socket = await ConnectAsync(offer);
        await socket.SendAsync(offer.Secret.Memory);
        await ReceiveAsync(socket, SecretSize);
        // Each answer has a thousand nonces: far more than a socket and a thousand places hold.
        var call = new ExchangedCall { Method = "MintNonces", Request = new MintNoncesRequest { Count = 1000 }.ToByteString() };
        var message = new ExchangeRequest { Calls = { Enumerable.Range(0, 100).Select(_ => call) } };
        var frame = new byte[4 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        message.WriteTo(frame.AsSpan(4));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            for (var i = 0; i < 1000; i++) await socket.SendAsync(frame, patience.Token);
        });
        // Nobody else waits for it.
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { Mint(1) } });
        Assert.Equal(1, Assert.Single((await NextAsync(stream)).Answers).Id);
    }

    [Fact]
    public async Task Caller_FromElsewhere_IsOfferedNothing()
    {
        using var door = new ExchangeDoor(At("calls.sock"), NullLogger<ExchangeDoor>.Instance);
        await door.StartAsync(CancellationToken.None);
        Assert.Null(await FirstAsync(door, new CallPeer(null, null), TimeProvider.System, TestContext.Current.CancellationToken));
        using var pair = new SocketPair();
        Assert.NotNull(await FirstAsync(door, new CallPeer(null, pair.Accepted), TimeProvider.System, TestContext.Current.CancellationToken));
        await door.StopAsync(CancellationToken.None);
        Assert.False(File.Exists(At("calls.sock")));
    }

    [Fact]
    public async Task Secret_NotUsedAtOnce_WorksNoMore()
    {
        var clock = new FakeTimeProvider();
        using var door = new ExchangeDoor(At("calls.sock"), NullLogger<ExchangeDoor>.Instance);
        await door.StartAsync(CancellationToken.None);
        using var pair = new SocketPair();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var offer = await FirstAsync(door, new CallPeer(null, pair.Accepted), clock, over.Token);
        Assert.Equal(1, door.Offers);
        clock.Advance(TimeSpan.FromSeconds(11));
        // What the clock sets off runs on the pool.
        for (var attempt = 0; door.Offers > 0; attempt++)
        {
            Assert.True(attempt < 3000, "the offer still holds");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        using var stranger = await ConnectAsync(offer!);
        await stranger.SendAsync(offer!.Secret.Memory);
        Assert.Equal(0, await stranger.ReceiveAsync(new byte[1]));
        await over.CancelAsync();
        await door.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Door_ThatCannotBeOpened_IsNoReasonNotToStart()
    {
        await File.WriteAllTextAsync(At("file"), "somebody's", TestContext.Current.CancellationToken);
        foreach (var path in (string?[])[null, At(new string('x', 200)), At("file", "there"), At("file")])
        {
            using var door = new ExchangeDoor(path, NullLogger<ExchangeDoor>.Instance);
            await door.StartAsync(CancellationToken.None);
            Assert.Null(door.Open());
            await door.StopAsync(CancellationToken.None);
        }
        Assert.True(File.Exists(At("file")));
    }

    [Fact]
    public async Task Door_LeftBehindByAKill_IsOpenedAgain_ForItsOwner()
    {
        var path = At("calls.sock");
        // As a socket that nobody listens at: bytes it has none.
        await File.WriteAllBytesAsync(path, [], TestContext.Current.CancellationToken);
        using var door = new ExchangeDoor(path, NullLogger<ExchangeDoor>.Instance);
        await door.StartAsync(CancellationToken.None);
        using var offer = door.Open();
        Assert.NotNull(offer);
        Assert.Equal(SyncedFile.Private, File.GetUnixFileMode(path));
        (await EnterAsync(offer.Message)).Dispose();
        Assert.NotNull(await offer.Taken.WaitAsync(Patience));
        await door.StopAsync(CancellationToken.None);
    }

    // A stream by itself that asks for a place to go on; what it is told. It lasts until it is cancelled.
    private static async Task<ExchangeSocket?> FirstAsync(ExchangeDoor door, CallPeer peer, TimeProvider time, CancellationToken cancellationToken)
    {
        var context = new FakeCall("/grpcca.v1.AcmeService/Exchange", cancellationToken: cancellationToken);
        context.SetStreamPeer(peer);
        var caller = new Caller();
        _ = CallExchange.ServeAsync(new ExchangedMethods(new NoService(), []), caller, caller, context, time, NullLogger.Instance, cancellationToken, door);
        return (await caller.First.WaitAsync(Patience, CancellationToken.None)).Socket;
    }

    // Asks to move, and makes a call so that there is an answer in any case.
    private sealed class Caller : IAsyncStreamReader<ExchangeRequest>, IServerStreamWriter<ExchangeResponse>
    {
        private readonly TaskCompletionSource<ExchangeResponse> first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool hasAsked;

        public Task<ExchangeResponse> First => first.Task;

        public ExchangeRequest Current { get; } = new() { MayMove = true, Calls = { new ExchangedCall { Id = 1, Method = "None" } } };

        public WriteOptions? WriteOptions { get; set; }

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (hasAsked) await Task.Delay(Timeout.Infinite, cancellationToken);
            return hasAsked = true;
        }

        public Task WriteAsync(ExchangeResponse message)
        {
            first.TrySetResult(message);
            return Task.CompletedTask;
        }

        public Task WriteAsync(ExchangeResponse message, CancellationToken cancellationToken) => WriteAsync(message);
    }

    private sealed class NoService : AcmeService.AcmeServiceBase;

    // A connection over loopback.
    private sealed class SocketPair : IDisposable
    {
        private readonly Socket listener = new(SocketType.Stream, ProtocolType.Tcp), connected = new(SocketType.Stream, ProtocolType.Tcp);

        public SocketPair()
        {
            listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            listener.Listen();
            connected.Connect(listener.LocalEndPoint!);
            Accepted = listener.Accept();
        }

        public Socket Accepted { get; }

        public void Dispose()
        {
            Accepted.Dispose();
            connected.Dispose();
            listener.Dispose();
        }
    }

    private string At(params string[] parts) => Path.Combine([directory.FullName, .. parts]);

    [Fact]
    public async Task Door_OfAnotherProgram_IsLeftToIt()
    {
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(At("calls.sock")));
        other.Listen();
        using var door = new ExchangeDoor(At("calls.sock"), NullLogger<ExchangeDoor>.Instance);
        await door.StartAsync(CancellationToken.None);
        Assert.Null(door.Open());
        await door.StopAsync(CancellationToken.None);
        Assert.True(File.Exists(At("calls.sock")));
    }

    [Fact]
    public async Task Door_WhereOthersMayEnter_StaysClosed()
    {
        File.SetUnixFileMode(directory.FullName, (UnixFileMode)0b111_101_000);
        using var door = new ExchangeDoor(At("calls.sock"), NullLogger<ExchangeDoor>.Instance);
        await door.StartAsync(CancellationToken.None);
        Assert.Null(door.Open());
        await door.StopAsync(CancellationToken.None);
    }

    private static Stream Open(House house) => new AcmeService.AcmeServiceClient(house.CallsOf(house.Gateway)).Exchange();

    private static ExchangedCall Mint(long id) => new() { Id = id, Method = "MintNonces", Request = new MintNoncesRequest { Count = 1 }.ToByteString() };

    private static async Task<ExchangeSocket> OfferAsync(Stream stream)
    {
        await stream.RequestStream.WriteAsync(new ExchangeRequest { MayMove = true });
        var offer = (await NextAsync(stream)).Socket;
        Assert.Equal((SecretSize, SecretSize), (offer.Secret.Length, offer.Proof.Length));
        Assert.NotEqual(offer.Secret, offer.Proof);
        return offer;
    }

    private static async Task<Socket> ConnectAsync(ExchangeSocket offer)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(offer.Path), TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<MessageSocket> EnterAsync(ExchangeSocket offer)
    {
        var socket = await ConnectAsync(offer);
        await socket.SendAsync(offer.Secret.Memory);
        Assert.Equal(offer.Proof, ByteString.CopyFrom(await ReceiveAsync(socket, SecretSize)));
        return new MessageSocket(socket, 4 * 1024 * 1024);
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, int count)
    {
        var received = new byte[count];
        for (var read = 0; read < count;)
        {
            var more = await socket.ReceiveAsync(received.AsMemory(read), TestContext.Current.CancellationToken);
            Assert.NotEqual(0, more);
            read += more;
        }
        return received;
    }

    private static async Task<ExchangedAnswer> MintAsync(MessageSocket socket, long id)
    {
        await socket.WriteAsync(new ExchangeRequest { Calls = { Mint(id) } }, TestContext.Current.CancellationToken);
        return Assert.Single((await socket.ReadAsync(ExchangeResponse.Parser, TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience))!.Answers);
    }

    private static async Task AssertClosedAsync(MessageSocket socket)
    {
        try
        {
            while (await socket.ReadAsync(ExchangeResponse.Parser, TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience) is not null)
            {
            }
        }
        catch (IOException)
        {
            // Closed with something unread.
        }
    }

    private static async Task<ExchangeResponse> NextAsync(Stream stream)
    {
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
        return stream.ResponseStream.Current;
    }
}

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Google.Protobuf;
using GrpcCa.Host;
using GrpcCa.Gateway.Tests.Endpoints;
using GrpcCa.V1;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.ControlPlane;

/// <summary>A control plane on the same host offers a Unix socket; what a gateway does with it, and with one that is not what it seems.</summary>
public sealed class NearbyTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("near-");

    private string Path => System.IO.Path.Combine(directory.FullName, "calls.sock");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task Requests_GoOnOverTheSocket_AndNoneIsLostOnTheWay()
    {
        await using var rig = await GatewayRig.StartAsync();
        await ConnectAnewAsync(rig, () => rig.Plane.OpenDoorAsync(Path));
        var (streams, calls) = (rig.Plane.StreamsOpened, rig.Plane.AcmeCalls.Count);
        for (var round = 0; round < 20; round++)
            await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
            {
                using var order = await rig.PostAsync("/acme/acme/new-order");
                Assert.Equal(HttpStatusCode.Created, order.StatusCode);
            }));
        Assert.Equal(streams, rig.Plane.StreamsOpened);
        Assert.Equal(calls + 200, rig.Plane.AcmeCalls.Count);
        // It listens, and the gateway is connected.
        Assert.Equal(2, (await File.ReadAllLinesAsync("/proc/net/unix", TestContext.Current.CancellationToken)).Count(line => line.EndsWith(Path, StringComparison.Ordinal)));

        // A new connection is a new stream, which moves again.
        await ConnectAnewAsync(rig);
        Assert.Equal(streams + 1, rig.Plane.StreamsOpened);
    }

    [Fact]
    public async Task Socket_ThatIsNotThere_ChangesNothing()
    {
        await using var rig = await GatewayRig.StartAsync();
        await ConnectAnewAsync(rig, () => Task.FromResult(rig.Plane.Offered = Offer()));
        var streams = rig.Plane.StreamsOpened;
        for (var i = 0; i < 5; i++) await ServedAsync(rig);
        Assert.Equal(streams, rig.Plane.StreamsOpened);
    }

    [Fact]
    public async Task Socket_OfSomebodyElse_HearsOfNothing()
    {
        await using var rig = await GatewayRig.StartAsync();
        Socket? stranger = null;
        await ConnectAnewAsync(rig, () => Task.FromResult((rig.Plane.Offered, stranger) = (Offer(), Listen())));
        using var listening = stranger!;
        var streams = rig.Plane.StreamsOpened;
        using var taken = await listening.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        await ReceiveAsync(taken, 32);
        await taken.SendAsync(RandomNumberGenerator.GetBytes(32));
        // Not another byte: the gateway hangs up.
        Assert.Equal(0, await taken.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience));
        await ServedAsync(rig);
        Assert.Equal(streams, rig.Plane.StreamsOpened);
    }

    [Fact]
    public async Task Socket_ThatBreaks_FailsWhatItCarried_AndAnotherStreamIsOpened()
    {
        await using var rig = await GatewayRig.StartAsync();
        Socket? listener = null;
        await ConnectAnewAsync(rig, () => Task.FromResult((rig.Plane.Offered, listener) = (Offer(), Listen())));
        using var listening = listener!;
        var streams = rig.Plane.StreamsOpened;
        using (var taken = await listening.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience))
        {
            await ReceiveAsync(taken, 32);
            await taken.SendAsync(rig.Plane.Offered!.Proof.Memory);
            var before = rig.Plane.AcmeCalls.Count;
            var asked = UntilCarriedAsync(rig, taken);
            // One came over it, and gets no answer: it may have been carried out, so it is not sent again.
            using var order = await asked;
            await ProblemAsync(order, 503, "serverInternal");
            Assert.InRange(rig.Plane.AcmeCalls.Count, before, before + 50);
        }
        rig.Plane.Offered = null;
        await StreamTests.UntilServedAsync(rig);
        Assert.Equal(streams + 1, rig.Plane.StreamsOpened);
    }

    [Fact]
    public async Task Answers_BeforeTheSocketWasClosed_AreStillTaken()
    {
        await using var rig = await GatewayRig.StartAsync();
        Socket? listener = null;
        await ConnectAnewAsync(rig, () => Task.FromResult((rig.Plane.Offered, listener) = (Offer(), Listen())));
        using var listening = listener!;
        var taken = await listening.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        await ReceiveAsync(taken, 32);
        await taken.SendAsync(rig.Plane.Offered!.Proof.Memory);
        Task<HttpResponseMessage> answered, late;
        using (var messages = new MessageSocket(taken, 1024 * 1024))
        {
            answered = rig.PostAsync("/acme/acme/new-order");
            var carried = messages.ReadAsync(ExchangeRequest.Parser, TestContext.Current.CancellationToken).AsTask();
            // Those of before it moved are answered over the stream.
            for (var i = 0; i < 50 && await Task.WhenAny(carried, answered) == answered; i++)
            {
                (await answered).Dispose();
                answered = rig.PostAsync("/acme/acme/new-order");
            }
            var first = (await carried)!.Calls.Single();
            // This one is sent and never read: the socket is reset, not ended.
            late = rig.PostAsync("/acme/acme/new-order");
            for (var attempt = 0; taken.Available == 0; attempt++)
            {
                Assert.True(attempt < 3000, "the second request did not come");
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
            var answer = new ExchangedAnswer { Id = first.Id, Response = new NewOrderResponse { Location = Canned.Base + "order/o1", Order = Canned.Order }.ToByteString() };
            await messages.WriteAsync(new ExchangeResponse { Answers = { answer }, Draining = true }, TestContext.Current.CancellationToken);
        }
        using (var order = await answered.WaitAsync(Patience)) Assert.Equal(HttpStatusCode.Created, order.StatusCode);
        rig.Plane.Offered = null;
        await rig.Plane.PauseAsync();
        using (var order = await late.WaitAsync(Patience)) await ProblemAsync(order, 503, "serverInternal");
        await rig.Plane.ResumeAsync();
        await StreamTests.UntilServedAsync(rig);
    }

    // The gateway may have opened its stream before the test says what is offered: nobody hears of that while there is no connection.
    private static async Task ConnectAnewAsync(GatewayRig rig, Func<Task>? offer = null)
    {
        Canned.Fill(rig.Plane);
        await rig.Plane.PauseAsync();
        if (offer is not null) await offer();
        await rig.Plane.ResumeAsync();
        await StreamTests.UntilServedAsync(rig);
    }

    // Requests one after the other until one goes to the socket, which is closed then.
    private static async Task<HttpResponseMessage> UntilCarriedAsync(GatewayRig rig, Socket taken)
    {
        var carried = taken.ReceiveAsync(new byte[1024], TestContext.Current.CancellationToken).AsTask();
        for (var i = 0; i < 50; i++)
        {
            var asked = rig.PostAsync("/acme/acme/new-order");
            if (await Task.WhenAny(carried, asked) == carried)
            {
                taken.Dispose();
                return await asked;
            }
            (await asked).Dispose();
        }
        throw new InvalidOperationException("fifty requests went elsewhere");
    }

    private ExchangeSocket Offer() => new()
    {
        Path = Path, Secret = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32)), Proof = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32)),
    };

    private Socket Listen()
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen();
        return listener;
    }

    private static async Task ReceiveAsync(Socket socket, int count)
    {
        for (var read = 0; read < count;)
        {
            var more = await socket.ReceiveAsync(new byte[count - read], TestContext.Current.CancellationToken);
            Assert.NotEqual(0, more);
            read += more;
        }
    }

    private static async Task ServedAsync(GatewayRig rig)
    {
        using var order = await rig.PostAsync("/acme/acme/new-order");
        Assert.Equal(HttpStatusCode.Created, order.StatusCode);
    }
}

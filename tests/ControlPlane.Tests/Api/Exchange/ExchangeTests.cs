using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Exchange;
using GrpcCa.TestKit;
using GrpcCa.V1;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<GrpcCa.V1.ExchangeRequest, GrpcCa.V1.ExchangeResponse>;

namespace GrpcCa.ControlPlane.Tests.Api.Exchange;

/// <summary>Calls over a stream, spoken by hand: each is what a call of its own would be. What gateways carry so is in HostileGatewayTests.</summary>
public sealed class ExchangeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Methods_AreAllThatTakeOneRequest()
    {
        var declared = AcmeService.Descriptor.Methods.Where(m => !m.IsClientStreaming && !m.IsServerStreaming).Select(m => m.Name);
        Assert.Equal(declared.Order(StringComparer.Ordinal), new ExchangedMethods(new NoService(), []).Names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Calls_ManyAtOnce_AreAllAnsweredOnce()
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        const int Count = 5 * CallExchange.MostCalls;
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Count; i += 100)
                await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { Enumerable.Range(i, 100).Select(id => Mint(id)) } });
        });
        var seen = new Dictionary<long, string>();
        while (seen.Count < Count)
            foreach (var answer in await NextAsync(stream))
                seen.Add(answer.Id, MintNoncesResponse.Parser.ParseFrom(answer.Response).Nonces.Single());
        await sending;
        Assert.Equal(Count, seen.Values.Distinct(StringComparer.Ordinal).Count());
        await stream.RequestStream.CompleteAsync();
        Assert.Empty(await NextAsync(stream));
        Assert.False(await stream.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
    }

    [Theory]
    [InlineData("Exchange", StatusCode.Unimplemented)]
    [InlineData("newOrder", StatusCode.Unimplemented)]
    [InlineData("", StatusCode.Unimplemented)]
    [InlineData("/grpcca.v1.CertificateService/RevokeCertificate", StatusCode.Unimplemented)]
    [InlineData("../CertificateService/ListCertificates", StatusCode.Unimplemented)]
    [InlineData("NewOrder", StatusCode.InvalidArgument)]
    public async Task Call_OfNoMethodOrWithoutRequest_FailsAloneAndTheStreamGoesOn(string method, StatusCode expected)
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { new ExchangedCall { Id = 1, Method = method } } });
        var answer = Assert.Single(await NextAsync(stream));
        Assert.Equal((1L, expected), (answer.Id, (StatusCode)answer.Error.Code));
        Assert.Empty(answer.Response);
        await AssertMintsAsync(stream, 2);
    }

    [Fact]
    public async Task Call_ThatIsNoMessage_FailsAloneAndTheStreamGoesOn()
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { new ExchangedCall { Id = 1, Method = "NewOrder", Request = ByteString.CopyFrom(0x0A, 0xFF, 0x01) } } });
        Assert.Equal((int)StatusCode.InvalidArgument, Assert.Single(await NextAsync(stream)).Error.Code);
        await AssertMintsAsync(stream, 2);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(3601, 0)]
    [InlineData(1, 1_000_000_000)]
    public async Task Call_WithBadTimeout_IsRefused(long seconds, int nanos)
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        var call = Mint(1);
        call.Timeout = new Duration { Seconds = seconds, Nanos = nanos };
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { call } });
        var error = Assert.Single(await NextAsync(stream)).Error;
        Assert.Equal((int)StatusCode.InvalidArgument, error.Code);
        Assert.Contains("timeout", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_CarriesTheProblemForTheClient()
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        var request = new NewOrderRequest { Signed = new SignedRequest { Provisioner = "provisioners/acme", Body = ByteString.CopyFromUtf8("{}") } };
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { new ExchangedCall { Id = 7, Method = "NewOrder", Request = request.ToByteString() } } });
        var alone = await Assert.ThrowsAsync<RpcException>(async () => await new AcmeService.AcmeServiceClient(house.CallsOf(house.Gateway)).NewOrderAsync(request));
        var error = Assert.Single(await NextAsync(stream)).Error;
        Assert.Equal(((int)alone.StatusCode, alone.Status.Detail), (error.Code, error.Message));
        var problem = error.Details.Single(d => d.Is(AcmeProblem.Descriptor)).Unpack<AcmeProblem>();
        Assert.Equal("malformed", problem.Type);
        Assert.Equal(alone.GetRpcStatus()!.Details.Select(d => d.TypeUrl), error.Details.Select(d => d.TypeUrl));
    }

    [Fact]
    public async Task Gateway_DisabledMeanwhile_IsRefusedAtItsNextCall()
    {
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        using var stream = Open(house);
        await AssertMintsAsync(stream, 1);
        await new GatewayService.GatewayServiceClient(house.Admin()).DisableGatewayAsync(new DisableGatewayRequest { Name = "gateways/" + house.Gateway.Id });
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { Mint(2) } });
        Assert.Equal((int)StatusCode.PermissionDenied, Assert.Single(await NextAsync(stream)).Error.Code);
        using var again = Open(house);
        var refused = await Assert.ThrowsAsync<RpcException>(() => NextAsync(again));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
    }

    [Fact]
    public async Task Message_WithTooManyCalls_EndsTheStream()
    {
        await using var house = await House.StartAsync();
        using var stream = Open(house);
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { Enumerable.Range(0, CallExchange.MostCalls + 1).Select(i => new ExchangedCall { Id = i }) } });
        Assert.Empty(await NextAsync(stream));
        var refused = await Assert.ThrowsAsync<RpcException>(() => NextAsync(stream));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("1001 elements", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_WithTwoStreams_GetsNoThird()
    {
        await using var house = await House.StartAsync();
        var client = new AcmeService.AcmeServiceClient(house.CallsOf(house.Gateway));
        using var first = client.Exchange();
        var second = client.Exchange();
        await AssertMintsAsync(first, 1);
        await AssertMintsAsync(second, 1);
        using (var third = client.Exchange())
            Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => NextAsync(third))).StatusCode);
        // Its place is free again once it has ended.
        await second.RequestStream.CompleteAsync();
        while (await second.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
        {
        }
        second.Dispose();
        using var fourth = client.Exchange();
        await AssertMintsAsync(fourth, 1);
    }

    [Fact]
    public async Task LocalAdmin_MayNotOpenAStream()
    {
        await using var house = await House.StartAsync();
        using var stream = new AcmeService.AcmeServiceClient(house.Admin()).Exchange();
        var refused = await Assert.ThrowsAsync<RpcException>(() => NextAsync(stream));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
    }

    [Fact]
    public async Task Stop_WithAnOpenStream_EndsItAndTheProgram()
    {
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        using var stream = Open(house);
        await AssertMintsAsync(stream, 1);
        var stopping = house.StopControlPlaneAsync();
        try
        {
            // It is told so first; the library forgets what it has read and not handed on when the connection ends meanwhile.
            var ended = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                Assert.Empty(await NextAsync(stream));
                Assert.True(stream.ResponseStream.Current.Draining);
                await NextAsync(stream);
            });
            // The library takes the server's reset of the half that it reads no more for the end, when it comes first.
            Assert.Contains(ended.StatusCode, (StatusCode[])[StatusCode.Unavailable, StatusCode.Internal]);
        }
        finally
        {
            await stopping.WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task Deadline_Passed_EndsTheCallAndFreesItsPlace()
    {
        using var over = new CancellationTokenSource(Patience);
        var requests = new Requests(new ExchangeRequest { Calls = { Slow(1, TimeSpan.FromMilliseconds(50)), Slow(2, null) } });
        var answers = new Answers();
        using var stopping = new CancellationTokenSource();
        var context = new FakeCall("/grpcca.v1.AcmeService/Exchange");
        context.SetStreamPeer(new CallPeer(null, null));
        var service = new SlowService();
        var serving = CallExchange.ServeAsync(new ExchangedMethods(service, []), requests, answers, context, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, stopping.Token);
        var first = await answers.NextAsync(over.Token);
        Assert.Equal(1, first.Id);
        // The other one goes on, and is answered although the program stops meanwhile; the caller is told at once that it does.
        await stopping.CancelAsync();
        await answers.Draining.WaitAsync(over.Token);
        Assert.False(serving.IsCompleted);
        service.Go.SetResult();
        Assert.Equal(2, (await answers.NextAsync(over.Token)).Id);
        await Assert.ThrowsAsync<GrpcCa.ControlPlane.Refusals.RefusalException>(() => serving.WaitAsync(over.Token));
    }

    [Fact]
    public async Task Answers_NotTaken_WithACallThatFailsToHearOfIt_EndTheStreamAllTheSame()
    {
        using var over = new CancellationTokenSource(Patience);
        var service = new SlowService { FailsWhenTold = true };
        var requests = new Requests(new ExchangeRequest { Calls = { Slow(1, null), Slow(2, TimeSpan.Zero) } });
        var context = new FakeCall("/grpcca.v1.AcmeService/Exchange");
        context.SetStreamPeer(new CallPeer(null, null));
        var serving = CallExchange.ServeAsync(new ExchangedMethods(service, []), requests, new Answers { Refuses = service.Began.Task }, context, TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, CancellationToken.None);
        var fault = await Assert.ThrowsAsync<IOException>(() => serving.WaitAsync(over.Token));
        Assert.IsType<AggregateException>(fault.InnerException);
    }

    [Fact]
    public async Task Call_ThatHoldsItsThread_KeepsNobodyWaiting()
    {
        using var over = new CancellationTokenSource(Patience);
        var requests = new LaterRequests();
        var answers = new Answers();
        var context = new FakeCall("/grpcca.v1.AcmeService/Exchange");
        context.SetStreamPeer(new CallPeer(null, null));
        using var service = new HoldingService();
        var serving = CallExchange.ServeAsync(new ExchangedMethods(service, []), requests, answers, context, TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, CancellationToken.None);
        // Alone in its message, so that it runs where the message was read.
        requests.Add(Mint(1));
        await service.Holds.WaitAsync(over.Token);
        for (var id = 2; id < 50; id++)
        {
            requests.Add(Mint(id));
            Assert.Equal(id, (await answers.NextAsync(over.Token)).Id);
        }
        service.LetGo();
        Assert.Equal(1, (await answers.NextAsync(over.Token)).Id);
        requests.End();
        await serving.WaitAsync(over.Token);
    }

    private static ExchangedCall Slow(long id, TimeSpan? timeout) => new()
    {
        Id = id, Method = "MintNonces", Request = new MintNoncesRequest { Count = 1 }.ToByteString(), Timeout = timeout is { } t ? Duration.FromTimeSpan(t) : null,
    };

    private static Stream Open(House house) => new AcmeService.AcmeServiceClient(house.CallsOf(house.Gateway)).Exchange();

    private static ExchangedCall Mint(long id) => new() { Id = id, Method = "MintNonces", Request = new MintNoncesRequest { Count = 1 }.ToByteString() };

    private static async Task AssertMintsAsync(Stream stream, long id)
    {
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Calls = { Mint(id) } });
        var answer = Assert.Single(await NextAsync(stream));
        Assert.Equal(id, answer.Id);
        Assert.Single(MintNoncesResponse.Parser.ParseFrom(answer.Response).Nonces);
    }

    private static async Task<IReadOnlyList<ExchangedAnswer>> NextAsync(Stream stream)
    {
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
        return stream.ResponseStream.Current.Answers;
    }

    private sealed class NoService : AcmeService.AcmeServiceBase;

    private sealed class SlowService : AcmeService.AcmeServiceBase
    {
        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool FailsWhenTold { get; init; }

        public override async Task<MintNoncesResponse> MintNonces(MintNoncesRequest request, ServerCallContext context)
        {
            if (FailsWhenTold) context.CancellationToken.Register(() => throw new InvalidOperationException("it was told"));
            Began.TrySetResult();
            try
            {
                await Go.Task.WaitAsync(context.CancellationToken);
                return new MintNoncesResponse();
            }
            catch (OperationCanceledException)
            {
                throw new RpcException(new Status(StatusCode.DeadlineExceeded, ""));
            }
        }
    }

    // Its first call keeps the thread that it runs on.
    private sealed class HoldingService : AcmeService.AcmeServiceBase, IDisposable
    {
        private readonly TaskCompletionSource holds = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim go = new();
        private int calls;

        public Task Holds => holds.Task;

        public void LetGo() => go.Set();

        public override Task<MintNoncesResponse> MintNonces(MintNoncesRequest request, ServerCallContext context)
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                holds.SetResult();
                Assert.True(go.Wait(Patience));
            }
            return Task.FromResult(new MintNoncesResponse());
        }

        public void Dispose() => go.Dispose();
    }

    private sealed class LaterRequests : IAsyncStreamReader<ExchangeRequest>
    {
        private readonly System.Threading.Channels.Channel<ExchangeRequest> coming = System.Threading.Channels.Channel.CreateUnbounded<ExchangeRequest>();

        public ExchangeRequest Current { get; private set; } = null!;

        public void Add(ExchangedCall call) => Assert.True(coming.Writer.TryWrite(new ExchangeRequest { Calls = { call } }));

        public void End() => coming.Writer.Complete();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await coming.Reader.WaitToReadAsync(cancellationToken)) return false;
            Assert.True(coming.Reader.TryRead(out var message));
            Current = message;
            return true;
        }
    }

    private sealed class Requests(params ExchangeRequest[] messages) : IAsyncStreamReader<ExchangeRequest>
    {
        private int next;

        public ExchangeRequest Current { get; private set; } = null!;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (next == messages.Length) await Task.Delay(Timeout.Infinite, cancellationToken);
            Current = messages[next++];
            return true;
        }
    }

    private sealed class Answers : IServerStreamWriter<ExchangeResponse>
    {
        private readonly System.Threading.Channels.Channel<ExchangedAnswer> written = System.Threading.Channels.Channel.CreateUnbounded<ExchangedAnswer>();

        public WriteOptions? WriteOptions { get; set; }

        public ValueTask<ExchangedAnswer> NextAsync(CancellationToken cancellationToken) => written.Reader.ReadAsync(cancellationToken);

        private readonly TaskCompletionSource draining = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Draining => draining.Task;

        /// <summary>When it is set, nothing is taken after it.</summary>
        public Task? Refuses { get; init; }

        public async Task WriteAsync(ExchangeResponse message)
        {
            if (Refuses is not null)
            {
                await Refuses;
                throw new IOException("the caller went away");
            }
            if (message.Draining) draining.TrySetResult();
            foreach (var answer in message.Answers) written.Writer.TryWrite(answer);
        }

        public Task WriteAsync(ExchangeResponse message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}

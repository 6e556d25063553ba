using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.Host.Identity;
using GrpcCa.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>What is held for callers without a client certificate, of whom nothing is known while their requests are read, is bounded.</summary>
public sealed class StrangersGateTests : IAsyncDisposable
{
    private readonly RunningControlPlane plane = new();
    private readonly List<IDisposable> opened = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var client in opened) client.Dispose();
        await plane.DisposeAsync();
    }

    [Fact]
    public async Task LargeRequest_OfAStranger_IsNotReadToItsEnd()
    {
        await StartAsync();

        var fault = await Assert.ThrowsAsync<RpcException>(() => EnrollAsync(plane.Remote(), 128 * 1024));
        var small = await Assert.ThrowsAsync<RpcException>(() => EnrollAsync(plane.Remote(), 32 * 1024));
        var local = await Assert.ThrowsAsync<RpcException>(() => EnrollAsync(plane.Admin(), 128 * 1024));

        Assert.Equal(new Status(StatusCode.ResourceExhausted, "a call without a client certificate may bring 131072 bytes (Strangers:MaxBytes)"), fault.Status);
        Assert.NotEqual(StatusCode.ResourceExhausted, small.StatusCode);
        Assert.NotEqual(StatusCode.ResourceExhausted, local.StatusCode);
    }

    [Fact]
    public async Task CallsThatNeverEnd_OfStrangers_AreFew_AndNobodyElseNotices()
    {
        await StartAsync(("MaxCalls", "3"), ("MaxCallsPerAddress", "2"), ("Within", "10m"));
        var held = new List<(Held Body, Task<HttpResponseMessage> Call)> { Hold("127.0.0.1"), Hold("127.0.0.1") };
        await InsideAsync(2);

        var ofAddress = await CheckAsync(plane.Remote());
        await InsideAsync(2);
        // From elsewhere there is still a place, and then none.
        held.Add(Hold("127.0.0.2"));
        await InsideAsync(3);
        var ofAll = await CheckAsync(From("127.0.0.3"));
        var local = await CheckAsync(plane.Admin());
        foreach (var (body, _) in held) body.End.SetResult();
        await Task.WhenAll(held.Select(one => one.Call));
        await InsideAsync(0);
        var after = await CheckAsync(plane.Remote());

        Assert.Equal("2 calls without a client certificate from 127.0.0.1 are being answered, and no more may be at once (Strangers:MaxCallsPerAddress); try again", ofAddress.Detail);
        Assert.Equal("3 calls without a client certificate are being answered, and no more may be at once (Strangers:MaxCalls); try again", ofAll.Detail);
        Assert.Equal(StatusCode.OK, local.StatusCode);
        Assert.Equal(StatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task CallThatDoesNotCome_LeavesItsPlace()
    {
        await StartAsync(("MaxCalls", "1"), ("Within", "1s"));
        var (body, call) = Hold("127.0.0.1");

        using var answer = await call.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await InsideAsync(0);
        var after = await CheckAsync(plane.Remote());
        body.End.SetResult();

        Assert.Equal(StatusCode.DeadlineExceeded.ToString("D"), answer.Headers.GetValues("grpc-status").Single());
        Assert.Equal("the request of a call without a client certificate took more than 1 s to come (Strangers:Within)", Uri.UnescapeDataString(answer.Headers.GetValues("grpc-message").Single()));
        Assert.Equal(StatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task MethodThatIsNotOpen_IsRefusedWithoutItsRequestBeingRead()
    {
        await StartAsync(("Within", "10m"));
        var (body, call) = Hold("127.0.0.1", "/grpcca.v1.NameService/ListNameRules");

        using var answer = await call.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        body.End.SetResult();
        var usual = await Assert.ThrowsAsync<RpcException>(async () => await new NameService.NameServiceClient(plane.Remote()).ListNameRulesAsync(new ListNameRulesRequest()));

        Assert.Equal(StatusCode.Unauthenticated.ToString("D"), answer.Headers.GetValues("grpc-status").Single());
        Assert.Equal((StatusCode.Unauthenticated, "UNAUTHENTICATED"), (usual.StatusCode, usual.Reason()));
    }

    [Fact]
    public async Task CompressedRequest_IsNotUnpacked()
    {
        await StartAsync();
        var zipped = new CallOptions(new Metadata { { "grpc-internal-encoding-request", "gzip" } }, cancellationToken: TestContext.Current.CancellationToken);

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await new Health.HealthClient(plane.Remote()).CheckAsync(new HealthCheckRequest { Service = "ready" }, zipped));

        Assert.Equal(StatusCode.Unimplemented, fault.StatusCode);
    }

    [Fact]
    public async Task ConnectionsOfStrangers_AreFew_AndWhoHasShownACertificateIsNone()
    {
        await StartAsync(("MaxConnections", "3"), ("MaxConnectionsPerAddress", "2"));
        var gateways = new GatewayService.GatewayServiceClient(plane.Admin());
        var created = await gateways.CreateGatewayAsync(new CreateGatewayRequest { GatewayId = "known", Gateway = new V1.Gateway { BaseUrls = { "https://known.test" } } });
        Assert.True(Host.JoinToken.TryParse(created.JoinToken, out var token, out var fault), fault);
        using var key = new FreshKey();
        var first = plane.Remote();
        var enrolled = await new GatewayService.GatewayServiceClient(first).EnrollGatewayAsync(new EnrollGatewayRequest { Secret = token.Secret, CsrDer = ByteString.CopyFrom(key.SigningRequest()) });
        using var identity = key.Join(enrolled.CertificateDer.ToByteArray());

        var known = new[] { plane.Remote(identity), plane.Remote(identity) };
        foreach (var gateway in known) Assert.Equal("gateways/known", (await new GatewayService.GatewayServiceClient(gateway).GetGatewayConfigAsync(new GetGatewayConfigRequest())).Gateway);
        var second = await CheckAsync(plane.Remote());
        var third = await CheckAsync(plane.Remote());
        var elsewhere = await CheckAsync(From("127.0.0.2"));
        var nobodyElse = await CheckAsync(From("127.0.0.3"));

        Assert.Equal((StatusCode.OK, StatusCode.Unavailable), (second.StatusCode, third.StatusCode));
        Assert.Equal((StatusCode.OK, StatusCode.Unavailable), (elsewhere.StatusCode, nobodyElse.StatusCode));
        // Who is known comes in all the same, and so does the first one, on its connection.
        Assert.Equal("gateways/known", (await new GatewayService.GatewayServiceClient(known[0]).GetGatewayConfigAsync(new GetGatewayConfigRequest())).Gateway);
        Assert.Equal(StatusCode.OK, (await CheckAsync(first)).StatusCode);
    }

    [Fact]
    public async Task LargeAnswer_KeepsItsPlaceUntilItIsTaken()
    {
        var gate = new StrangersGate(new StrangersOptions(), new AccessRules(ApiServices.All), TimeProvider.System);
        var wire = new Pipe(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024));
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseBodyFeature>(new PipedAnswer(wire.Writer));

        var call = gate.InvokeAsync(http, context =>
        {
            // As gRPC does, without a flush.
            context.Response.BodyWriter.Write(new byte[200 * 1024]);
            return Task.CompletedTask;
        });
        Assert.False(call.IsCompleted);
        Assert.Equal(1, gate.Inside);
        var read = await wire.Reader.ReadAtLeastAsync(200 * 1024, TestContext.Current.CancellationToken);
        wire.Reader.AdvanceTo(read.Buffer.End);
        await call.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(0, gate.Inside);
    }

    private ValueTask StartAsync(params (string Key, string Value)[] settings)
    {
        plane.Use([.. settings.Select(setting => KeyValuePair.Create($"Strangers:{setting.Key}", (string?)setting.Value))]);
        return plane.InitializeAsync();
    }

    private (Held Body, Task<HttpResponseMessage> Call) Hold(string address, string path = "/grpc.health.v1.Health/Check")
    {
        var http = Track(new HttpClient(HandlerFrom(address)));
        var body = new Held();
        return (body, http.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"https://{plane.Address}{path}")
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        }, TestContext.Current.CancellationToken));
    }

    private CallInvoker From(string address) => Track(GrpcChannel.ForAddress($"https://{plane.Address}", new GrpcChannelOptions { HttpHandler = HandlerFrom(address) })).CreateCallInvoker();

    private static SocketsHttpHandler HandlerFrom(string address) => new()
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    private T Track<T>(T client)
        where T : IDisposable
    {
        opened.Add(client);
        return client;
    }

    private async Task InsideAsync(int count)
    {
        var gate = plane.Services.GetRequiredService<StrangersGate>();
        for (var i = 0; i < 1500 && gate.Inside != count; i++) await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(count, gate.Inside);
    }

    private static async Task EnrollAsync(CallInvoker invoker, int size) => await new GatewayService.GatewayServiceClient(invoker).EnrollGatewayAsync(
        new EnrollGatewayRequest { Secret = "x", CsrDer = ByteString.CopyFrom(new byte[size]) }, cancellationToken: TestContext.Current.CancellationToken);

    private static async Task<Status> CheckAsync(CallInvoker invoker)
    {
        try
        {
            await new Health.HealthClient(invoker).CheckAsync(new HealthCheckRequest(), cancellationToken: TestContext.Current.CancellationToken);
            return Status.DefaultSuccess;
        }
        catch (RpcException fault)
        {
            return fault.Status;
        }
    }

    private sealed class PipedAnswer(PipeWriter writer) : IHttpResponseBodyFeature
    {
        public Stream Stream => writer.AsStream();

        public PipeWriter Writer => writer;

        public void DisableBuffering()
        {
            // It is not buffered.
        }

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task CompleteAsync() => writer.CompleteAsync().AsTask();
    }

    /// <summary>A message of gRPC that begins, and ends when it is told to.</summary>
    private sealed class Held : HttpContent
    {
        public Held() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

        public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            // Not compressed, and two bytes long: an empty name of a service.
            await stream.WriteAsync((byte[])[0, 0, 0, 0, 2, 10]);
            await stream.FlushAsync();
            await End.Task;
            await stream.WriteAsync((byte[])[0]);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

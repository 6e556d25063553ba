using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using GrpcCa.ControlPlane.Api;
using GrpcCa.V1;
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

    private ValueTask StartAsync(params (string Key, string Value)[] settings)
    {
        plane.Use([.. settings.Select(setting => KeyValuePair.Create($"Strangers:{setting.Key}", (string?)setting.Value))]);
        return plane.InitializeAsync();
    }

    private (Held Body, Task<HttpResponseMessage> Call) Hold(string address)
    {
        var http = Track(new HttpClient(HandlerFrom(address)));
        var body = new Held();
        return (body, http.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"https://{plane.Address}/grpc.health.v1.Health/Check")
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

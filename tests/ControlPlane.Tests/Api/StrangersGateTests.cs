using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using GrpcCa.ControlPlane.Api;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>What is held for callers without a client certificate, of whom nothing is known while their requests are read, is bounded.</summary>
public sealed class StrangersGateTests : IAsyncLifetime
{
    private readonly RunningControlPlane plane = new();

    public async ValueTask InitializeAsync()
    {
        plane.Use(new KeyValuePair<string, string?>("Grpc:MaxStrangerCalls", "2"));
        await plane.InitializeAsync();
    }

    public ValueTask DisposeAsync() => plane.DisposeAsync();

    [Fact]
    public async Task LargeRequest_OfAStranger_IsNotReadToItsEnd()
    {
        var fault = await Assert.ThrowsAsync<RpcException>(() => EnrollAsync(plane.Remote(), StrangersGate.LargestRequest));
        var small = await Assert.ThrowsAsync<RpcException>(() => EnrollAsync(plane.Remote(), 32 * 1024));
        var local = await Assert.ThrowsAsync<RpcException>(() => EnrollAsync(plane.Admin(), StrangersGate.LargestRequest));

        Assert.Equal(new Status(StatusCode.ResourceExhausted, "a call without a client certificate may bring 131072 bytes"), fault.Status);
        Assert.NotEqual(StatusCode.ResourceExhausted, small.StatusCode);
        Assert.NotEqual(StatusCode.ResourceExhausted, local.StatusCode);
    }

    [Fact]
    public async Task CallsThatNeverEnd_OfStrangers_AreFew_AndNobodyElseNotices()
    {
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } });
        var held = new[] { new Held(), new Held() };
        var calls = held.Select(body => http.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"https://{plane.Address}/grpc.health.v1.Health/Check")
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        }, TestContext.Current.CancellationToken)).ToList();
        await Task.WhenAll(held.Select(body => body.Begun.Task)).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        var refusal = await UntilAsync(plane.Remote(), StatusCode.ResourceExhausted);
        var local = await CheckAsync(plane.Admin());
        foreach (var body in held) body.End.SetResult();
        await Task.WhenAll(calls);
        var after = await UntilAsync(plane.Remote(), StatusCode.OK);

        Assert.Equal("2 calls without a client certificate are being answered, and no more may be at once (Grpc:MaxStrangerCalls); try again", refusal.Detail);
        Assert.Equal(StatusCode.OK, local.StatusCode);
        Assert.Equal(StatusCode.OK, after.StatusCode);
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

    private static async Task<Status> UntilAsync(CallInvoker invoker, StatusCode wanted)
    {
        for (var i = 0; ; i++)
        {
            var status = await CheckAsync(invoker);
            if (status.StatusCode == wanted || i == 500) return status;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>A message of gRPC that begins, and ends when it is told to.</summary>
    private sealed class Held : HttpContent
    {
        public Held() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            // Not compressed, and two bytes long: an empty name of a service.
            await stream.WriteAsync((byte[])[0, 0, 0, 0, 2, 10]);
            await stream.FlushAsync();
            Begun.SetResult();
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

using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using GrpcCa.TestKit;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.Tests;

/// <summary>A real gateway on free ports with a fake control plane behind it, and clients that reach it by its declared names.</summary>
internal sealed class GatewayRig : IAsyncDisposable
{
    public const string Origin = "https://ca.test";
    private readonly string root = Directory.CreateTempSubdirectory("grpcca-gateway-").FullName;

    private GatewayRig(FakeControlPlane plane, TimeProvider time)
    {
        Plane = plane;
        Time = time;
        Options = new GatewayOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            State = Path.Combine(root, "state"),
            JoinTokenFile = Path.Combine(root, "token"),
            StartDeadline = TimeSpan.FromSeconds(20),
            ConfigInterval = TimeSpan.FromHours(10),
        };
        File.WriteAllText(Options.JoinTokenFile, plane.Token.Encode());
    }

    public FakeControlPlane Plane { get; }

    public TimeProvider Time { get; }

    public GatewayOptions Options { get; set; }

    public GatewayApp App { get; private set; } = null!;

    public TestLogs Logs { get; } = new();

    public SharedText Notices { get; } = new();

    public HttpClient Https { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    /// <summary>What the gateway sent in its last handshake: leaf, then the rest.</summary>
    public IReadOnlyList<X509Certificate2> Shown { get; private set; } = [];

    public static async Task<GatewayRig> PrepareAsync(TimeProvider? time = null) => new(await FakeControlPlane.StartAsync(time), time ?? TimeProvider.System);

    public static async Task<GatewayRig> StartAsync(TimeProvider? time = null, Func<GatewayOptions, GatewayOptions>? configure = null)
    {
        var rig = await PrepareAsync(time);
        if (configure is not null) rig.Options = configure(rig.Options);
        await rig.StartGatewayAsync();
        return rig;
    }

    public async Task StartGatewayAsync()
    {
        App = await GatewayApp.StartAsync(Options, Time, Logs, Notices, TestContext.Current.CancellationToken);
        Https = Client(App.Https.Port, Origin);
        Http = Client(App.Http.Port, $"http://127.0.0.1:{App.Http.Port}");
    }

    public async Task StopGatewayAsync() => await App.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (App is not null) await App.DisposeAsync();
        await Plane.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    /// <summary>POSTs as an ACME client does.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, string body = "{}", string contentType = "application/jose+json") =>
        SendAsync(HttpMethod.Post, path, content: With(new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body)), contentType));

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? accept = null, HttpContent? content = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content, Version = (client ?? Https).DefaultRequestVersion, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (accept is not null) request.Headers.Accept.ParseAdd(accept);
        return await (client ?? Https).SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).RootElement;

    /// <summary>Checks a problem document and returns it.</summary>
    public static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, int status, string type)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await JsonAsync(response);
        Assert.Equal("urn:ietf:params:acme:error:" + type, problem.GetProperty("type").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.NotEmpty(problem.GetProperty("instance").GetString()!);
        return problem;
    }

    public static string Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : "";

    /// <summary>Waits until a condition holds.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            if (bound.IsCancellationRequested) Assert.Fail($"not within 20 s: {what}");
            await Task.Yield();
        }
    }

    /// <summary>Lets the fake clock run in steps until a condition holds.</summary>
    public async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan step, string what)
    {
        var clock = (Microsoft.Extensions.Time.Testing.FakeTimeProvider)Time;
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            if (bound.IsCancellationRequested) Assert.Fail($"not within 20 s: {what}");
            clock.Advance(step);
            // Calls over the loopback take real time.
            var begin = TimeProvider.System.GetTimestamp();
            while (!condition() && TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromMilliseconds(50)) await Task.Yield();
        }
    }

    public HttpClient Client(int port, string address, Version? version = null)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            // Declared names need no DNS: everything goes to the gateway's port.
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Verify },
        };
        return new HttpClient(handler)
        {
            BaseAddress = new Uri(address),
            DefaultRequestVersion = version ?? HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    public static T With<T>(T content, string contentType) where T : HttpContent
    {
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return content;
    }

    private bool Verify(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var leaf = (X509Certificate2)certificate!;
        Shown = [X509CertificateLoader.LoadCertificate(leaf.RawData), .. chain!.ChainPolicy.ExtraStore.Select(c => X509CertificateLoader.LoadCertificate(c.RawData))];
        using var mine = new X509Chain();
        mine.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        mine.ChainPolicy.CustomTrustStore.Add(Plane.Issuing.Root);
        mine.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        mine.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        mine.ChainPolicy.VerificationTime = Time.GetUtcNow().UtcDateTime;
        // The name is not compared: tests also ask for hosts that the gateway does not know.
        return mine.Build(leaf);
    }
}

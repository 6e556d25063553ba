using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Exchange;
using GrpcCa.Host;
using GrpcCa.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GrpcCa.TestKit;

/// <summary>
/// A control plane without rules behind the real protocol: Kestrel, mTLS with an identity authority of its own, the real
/// protos. Tests say what it answers and see what it was asked.
/// </summary>
internal sealed class FakeControlPlane : IAsyncDisposable
{
    public const string GatewayUri = "grpcca://gateway/edge";
    private readonly ConcurrentDictionary<Type, IMessage> answers = new();
    private X509Certificate2 serverCertificate;
    private WebApplication? app;
    private HeldPort? away;
    private int port;
    private int minted;

    private FakeControlPlane(TimeProvider time)
    {
        Time = time;
        Identity = new TestAuthority("Identity", time);
        Issuing = new TestAuthority("Issuing", time, withIntermediate: true);
        serverCertificate = Identity.IssueWithKey(TimeSpan.FromDays(365), uri: "grpcca://control-plane");
        Config = new GatewayConfig
        {
            Gateway = "gateways/edge",
            BaseUrls = { "https://ca.test", "https://other.test:8443" },
            TlsNames = { "ca.test", "127.0.0.1" },
            Directories = { new GatewayConfig.Types.DirectoryConfig { ProvisionerId = "acme", NewAuthorization = true, KeyChange = true } },
            Roots = { Published("", Issuing.Root) },
            Intermediates = { Published("ca", Issuing.Intermediate!) },
            IdentityRootDers = { ByteString.CopyFrom(Identity.Root.RawData) },
            Etag = "1",
            ServerVersion = "0.1.0-fake",
        };
    }

    public TimeProvider Time { get; }

    public TestAuthority Identity { get; set; }

    public TestAuthority Issuing { get; }

    public GatewayConfig Config { get; set; }

    /// <summary>What <c>TrustService</c> has of revocation lists, with their bytes.</summary>
    public IReadOnlyList<Crl> Crls { get; set; } = [];

    public string Secret { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public string Endpoint => $"localhost:{port}";

    public TimeSpan IdentityLifetime { get; set; } = TimeSpan.FromHours(24);

    public TimeSpan TlsLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Refuses the gateway as a disabled one.</summary>
    public bool Disabled { get; set; }

    /// <summary>Thrown by every ACME call while set.</summary>
    public Func<RpcException>? AcmeFault { get; set; }

    /// <summary>ACME calls wait for it while set.</summary>
    public Task? Hold { get; set; }

    /// <summary>Whether it takes calls by a stream; an older one does not.</summary>
    public bool KnowsStreams { get; set; } = true;

    /// <summary>Where its streams may go on; nowhere unless <see cref="OpenDoorAsync"/> says so.</summary>
    public ExchangeDoor? Door { get; private set; }

    /// <summary>What its streams are told instead, whether it is so or not.</summary>
    public ExchangeSocket? Offered { get; set; }

    /// <summary>How many streams of calls were opened.</summary>
    public int StreamsOpened { get; set; }

    /// <summary>Every ACME request, in order, nonces and configuration aside.</summary>
    public ConcurrentQueue<IMessage> AcmeCalls { get; } = new();

    public ConcurrentQueue<string> SecretsSeen { get; } = new();

    public int MintCalls { get; set; }

    public int RenewCalls { get; set; }

    public int TlsCalls { get; set; }

    public int ConfigCalls { get; set; }

    /// <summary>Thumbprints of the client certificates seen at the last calls of a gateway.</summary>
    public string LastCaller { get; set; } = "";

    /// <summary>Comes when it stops.</summary>
    public CancellationToken Stopping => app!.Lifetime.ApplicationStopping;

    public JoinToken Token => new(Endpoint, SHA256.HashData(Identity.Root.RawData), Secret);

    public static async Task<FakeControlPlane> StartAsync(TimeProvider? time = null)
    {
        var plane = new FakeControlPlane(time ?? TimeProvider.System);
        await plane.ResumeAsync();
        return plane;
    }

    /// <summary>What an RPC answers from now on.</summary>
    public void Answers<T>(T answer) where T : IMessage<T> => answers[typeof(T)] = answer;

    /// <summary>Shows another certificate from the next start on.</summary>
    public void ShowCertificate(X509Certificate2 certificate) => serverCertificate = certificate;

    /// <summary>Is away: nobody listens at the port.</summary>
    public async Task PauseAsync()
    {
        if (app is null) return;
        await EndAsync();
        away = new HeldPort(new IPEndPoint(IPAddress.Loopback, port));
    }

    private async Task EndAsync()
    {
        if (app is null) return;
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        app = null;
    }

    /// <summary>Listens again, at the port from before.</summary>
    public async Task ResumeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddGrpc();
        builder.Services.AddRouting();
        builder.Services.AddSingleton(this);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            // By callback, since Kestrel would refuse to show some of the wrong certificates that tests want to be shown.
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificate = serverCertificate,
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not X509Certificate2 shown || IsOfIdentity(shown),
                }),
            });
        }));
        app = builder.Build();
        app.MapGrpcService<FakeAcmeService>();
        app.MapGrpcService<FakeGatewayService>();
        app.MapGrpcService<FakeTrustService>();
        away?.Dispose();
        away = null;
        await app.StartAsync();
        port = new Uri(app.Urls.Single()).Port;
    }

    /// <summary>Lets its streams go on at a Unix socket.</summary>
    public async Task OpenDoorAsync(string path)
    {
        Door = new ExchangeDoor(path, Microsoft.Extensions.Logging.Abstractions.NullLogger<ExchangeDoor>.Instance);
        await Door.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        away?.Dispose();
        if (Door is not null) await Door.StopAsync(CancellationToken.None);
        Door?.Dispose();
    }

    internal static GatewayConfig.Types.PublishedCertificate Published(string id, X509Certificate2 certificate) => new()
    {
        Id = id,
        Der = ByteString.CopyFrom(certificate.RawData),
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)),
    };

    internal string MintNonce() => $"nonce-{Interlocked.Increment(ref minted):d8}";

    internal async Task<T> AnswerAsync<T>(IMessage request, ServerCallContext context) where T : IMessage<T>, new()
    {
        RequireGateway(context);
        AcmeCalls.Enqueue(request);
        if (Hold is { } hold) await HeldAsync(hold, context.CancellationToken);
        if (AcmeFault?.Invoke() is { } fault) throw fault;
        return answers.TryGetValue(typeof(T), out var answer) ? (T)answer : new T();
    }

    // As the control plane's interceptor says it; whose clock ends the call first is left open.
    private static async Task HeldAsync(Task hold, CancellationToken over)
    {
        try
        {
            await hold.WaitAsync(over);
        }
        catch (OperationCanceledException)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, "the deadline passed before the answer was ready"));
        }
    }

    internal void RequireGateway(ServerCallContext context)
    {
        var certificate = CallPeer.Of(context).Certificate
            ?? throw new RpcException(new Status(StatusCode.Unauthenticated, "a client certificate is needed"));
        LastCaller = certificate.Thumbprint;
        if (Disabled) throw new RpcException(new Status(StatusCode.PermissionDenied, "gateways/edge is disabled"));
    }

    private bool IsOfIdentity(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Identity.Root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate);
    }
}

using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using GrpcCa.AdminCli.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace GrpcCa.AdminCli.Tests;

/// <summary>A control plane of paper: a real Kestrel with the real services on a Unix socket, answering from lists.</summary>
internal sealed class FakeControlPlane : IAsyncDisposable
{
    private WebApplication? app;

    private FakeControlPlane(DateTimeOffset issuedAt) => Identities = new FakeIdentityAuthority(issuedAt);

    /// <summary>The directory a command works in; the socket is where it looks by itself.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("grpcca-").FullName;

    public string Socket => Path.Combine(Directory, ".grpcca", "admin.sock");

    public FakeData Data { get; } = new();

    /// <summary>Every request, in order.</summary>
    public ConcurrentQueue<IMessage> Requests { get; } = new();

    /// <summary>Who signs identities; its server listens on <see cref="Port"/>.</summary>
    public FakeIdentityAuthority Identities { get; }

    /// <summary>The TLS port of the remote API.</summary>
    public int Port { get; private set; }

    public HealthStatus Health { get; set; } = HealthStatus.Healthy;

    /// <summary>Set before a call that shall wait for its cancellation.</summary>
    public bool Hangs { get; set; }

    public T Request<T>() where T : IMessage => Requests.OfType<T>().Last();

    /// <param name="issuedAt">When its identity certificates begin; the fake's own time when not given.</param>
    public static async Task<FakeControlPlane> StartAsync(DateTimeOffset? issuedAt = null)
    {
        var fake = new FakeControlPlane(issuedAt ?? FakeData.Now);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(fake.Socket)!);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => 
        {
            kestrel.ListenUnixSocket(fake.Socket, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(tls =>
            {
                tls.ServerCertificate = fake.Identities.Server();
                tls.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                tls.ClientCertificateValidation = (certificate, _, _) => fake.Identities.Signed(certificate);
            }));
        });
        builder.Services.AddSingleton(fake);
        builder.Services.AddGrpc(grpc => grpc.Interceptors.Add<FakeInterceptor>());
        builder.Services.AddGrpcHealthChecks(health => health.Services.Map("", _ => true)).AddCheck("fake", () => new HealthCheckResult(fake.Health));
        // Asked, not told: a test that changes the health does not wait for the next round.
        builder.Services.Configure<Grpc.AspNetCore.HealthChecks.GrpcHealthChecksOptions>(options => options.UseHealthChecksCache = false);
        fake.app = builder.Build();
        fake.app.MapGrpcHealthChecksService();
        fake.app.MapGrpcService<FakeAccounts>();
        fake.app.MapGrpcService<FakeAudit>();
        fake.app.MapGrpcService<FakeAuthorities>();
        fake.app.MapGrpcService<FakeCertificates>();
        fake.app.MapGrpcService<FakeGateways>();
        fake.app.MapGrpcService<FakeNames>();
        fake.app.MapGrpcService<FakeOperators>();
        fake.app.MapGrpcService<FakeOrders>();
        fake.app.MapGrpcService<FakeProfiles>();
        fake.app.MapGrpcService<FakeProvisioners>();
        fake.app.MapGrpcService<FakeTrust>();
        fake.app.MapGrpcService<FakeWebhooks>();
        await fake.app.StartAsync();
        fake.Port = fake.app.Urls.Where(u => u.StartsWith("https:", StringComparison.Ordinal)).Select(u => new Uri(u).Port).Single();
        return fake;
    }

    /// <summary>Stops the server; the socket file of a server that was killed stays.</summary>
    public async Task StopAsync()
    {
        if (app is null) return;
        await app.DisposeAsync();
        app = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Identities.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

using System.Net.Security;
using System.Security.Authentication;
using GrpcCa.Gateway.Enrollment;
using GrpcCa.Host;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Hosting;

namespace GrpcCa.Gateway;

/// <summary>The two Kestrel listeners: HTTPS for everything, plain HTTP for what is public.</summary>
internal static class Listeners
{
    /// <summary>How long requests under way may take when the gateway stops.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    // ACME clients ask one thing after the other; a few share a connection at most.
    private const int StreamsPerConnection = 32;

    // The state directory's files, connections to the control plane, those that are just being closed; libraries where they are loaded late (./run).
    private const int OtherFiles = 80;

    public static WebApplication Build(GatewayOptions options, TlsDuty tls, FrontDoor door, TimeProvider time, ILoggerFactory logs)
    {
        // Empty: no appsettings.json from the working directory, no ASPNETCORE_ variables, one configuration only.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "grpcca-gateway" });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopTimeout);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel, options);
            var connections = new ConnectionLimit(OpenFiles.Connections(options.MaxConnections, OtherFiles, logs.CreateLogger(typeof(Listeners))));
            var peers = new PeerLimit(options, time, logs.CreateLogger<PeerLimit>());
            kestrel.Listen(options.Listen, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                connections.Guard(listen);
                peers.Guard(listen);
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    HandshakeTimeout = options.HeaderTimeout,
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = tls.Current.Context,
                        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    }),
                });
            });
            kestrel.Listen(options.Http, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                connections.Guard(listen);
                peers.Guard(listen);
            });
        });
        var web = builder.Build();
        web.Use(_ => door.HandleAsync);
        return web;
    }

    private static void Limit(KestrelServerOptions kestrel, GatewayOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        var limits = kestrel.Limits;
        // RequestBody counts; so an oversized request gets its problem document and the rest is drained for a moment.
        limits.MaxRequestBodySize = null;
        limits.MaxRequestHeadersTotalSize = options.MaxHeaders;
        limits.MaxRequestHeaderCount = 64;
        limits.RequestHeadersTimeout = options.HeaderTimeout;
        limits.KeepAliveTimeout = options.KeepAlive;
        // One body of at most 64 KiB is in memory for each stream: connections x streams x 64 KiB bounds them all.
        limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
        limits.Http2.MaxRequestHeaderFieldSize = Math.Min(options.MaxHeaders, 16 * 1024);
    }

    // Signals are Program's business, also during the start.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

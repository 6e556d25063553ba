using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Acme;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Approvals;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.CertificateRequests;
using GrpcCa.ControlPlane.Credentials;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Declarations;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Operators;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Revocation;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.Host;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace GrpcCa.ControlPlane;

/// <summary>The composition root: every room is wired here, and nowhere else.</summary>
internal static class ControlPlaneApp
{
    // A gateway's ACME calls share one stream.
    private const int StreamsPerConnection = 100;

    // The store's files and connections, keys, lists, webhooks.
    private const int OtherFiles = 128;

    private static readonly TimeSpan SilenceBeforePing = TimeSpan.FromSeconds(30);

    /// <summary>Builds the program around an open store; tests replace services by <paramref name="adjust"/>.</summary>
    public static WebApplication Build(ControlPlaneOptions options, IStore store, TimeProvider time, Action<WebApplicationBuilder>? adjust = null)
    {
        // Empty: no appsettings.json from the working directory and no watch on it, no ASPNETCORE_ variables, one configuration only.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "grpcca-server" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Logging.AddLogLines().AddFilter("Grpc.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.Hosting", LogLevel.Warning)
            // It makes an activity for each request that anybody could log about; faults are told by Kestrel and the interceptors.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        var services = builder.Services;
        services.AddSingleton(store).AddSingleton(time).AddSingleton(options).AddSingleton(new FailPoints());
        services.AddSigning(options).AddIssuance(options).AddAuthorities(options).AddAcme(options);
        services.AddSingleton<NameBook>().AddSingleton<ProfileBook>().AddSingleton<ProvisionerBook>().AddSingleton<ProvisionerEditing>().AddSingleton<ProfileEditing>();
        services.AddSingleton<LeafContexts>().AddSingleton<RequestDesk>().AddSingleton<WishReader>();
        services.AddSingleton<CredentialDesk>().AddSingleton<OidcCredentials>().AddSingleton<OidcKeys>().AddSingleton<GuardedFetch>();
        services.AddSingleton<Revoker>().AddSingleton<BatchRevoker>().AddCrls(options).AddWebhooks(options);
        services.AddSingleton<GatewayBook>().AddSingleton<GatewayRegistry>().AddSingleton<GatewayEnrollment>();
        services.AddSingleton<OperatorBook>().AddSingleton<OperatorRegistry>().AddSingleton<OperatorEnrollment>();
        services.AddSingleton<JoinTokens>().AddSingleton<IdentityTrust>().AddSingleton<CallerResolver>();
        services.AddSingleton<ListeningEndpoint>();
        services.AddSingleton(provider => new JoinTokenOptions
        {
            Endpoint = () => options.Endpoint ?? provider.GetRequiredService<ListeningEndpoint>().Address,
            Lifetime = options.TokenLifetime,
        });
        services.AddSingleton(options.Watching).AddSingleton(options.Approvals).AddSingleton<ApprovalDesk>().AddSingleton<DemandBook>();
        services.AddSingleton<StateApplier>();
        services.AddSingleton<StartUp>();
        services.AddSweeping(options);
        services.AddSingleton(provider => new PageTokens(provider.GetRequiredService<SecretEnvelope>().DeriveKey(PageTokens.Purpose)));
        services.AddSingleton(options.Strangers).AddSingleton<StrangersGate>().AddSingleton<StrangersDoor>().AddApi();
        adjust?.Invoke(builder);
        var app = builder.Build();
        app.Use(app.Services.GetRequiredService<StrangersGate>().InvokeAsync);
        app.MapApi();
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, ControlPlaneOptions options)
    {
        kestrel.AddServerHeader = false;
        // A validation has a question under way for each kind of address, and a connection.
        var others = OtherFiles + (3 * options.ValidationQueue.Parallel);
        var services = kestrel.ApplicationServices;
        var connections = new ConnectionLimit(OpenFiles.Connections(options.MaxConnections, others, services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ControlPlaneApp))));
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
        // A gateway's stream of calls is always open: without a ping nobody would notice that its machine is gone.
        kestrel.Limits.Http2.KeepAlivePingDelay = SilenceBeforePing;
        kestrel.Listen(options.Listen, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            connections.Guard(endpoint);
            services.GetRequiredService<StrangersDoor>().Guard(endpoint);
            endpoint.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = connection => HandshakeAsync(services, connection) });
            StrangersDoor.Recognize(endpoint);
        });
        kestrel.ListenUnixSocket(options.AdminSocket, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            connections.Guard(endpoint);
        });
    }

    // Certificate and roots are looked up for each connection: both change while the program runs.
    private static async ValueTask<SslServerAuthenticationOptions> HandshakeAsync(IServiceProvider services, TlsHandshakeCallbackContext connection) => new()
    {
        ServerCertificateContext = services.GetRequiredService<EndpointIdentity>().Current,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = await services.GetRequiredService<IdentityTrust>().ForConnectionAsync(connection.CancellationToken),
        // The platform builds a chain before anybody is asked, and would fetch issuers from the URLs of the certificate, which a stranger wrote.
        CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
    };
}

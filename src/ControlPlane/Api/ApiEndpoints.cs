using Grpc.AspNetCore.Server;
using Grpc.Reflection;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api.Exchange;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.ControlPlane.Api.Watching;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace GrpcCa.ControlPlane.Api;

/// <summary>Puts the API on the server: interceptors from the outside in, then a service for each of the protos.</summary>
internal static class ApiEndpoints
{
    private const int LargestRequest = 1024 * 1024;

    /// <summary>What the services need besides the rooms.</summary>
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddGrpc(options =>
        {
            options.EnableDetailedErrors = false;
            options.MaxReceiveMessageSize = LargestRequest;
            options.Interceptors.Add<FaultInterceptor>();
            options.Interceptors.Add<AccessInterceptor>();
            options.Interceptors.Add<FieldBehaviorInterceptor>();
            options.Interceptors.Add<BoundInterceptor>();
            options.Interceptors.Add<ApprovalInterceptor>();
        });
        // Requests are small, and a compressed one would be held unpacked before it is known who calls. The library adds its providers to an empty list.
        services.PostConfigure<GrpcServiceOptions>(options => options.CompressionProviders.Clear());
        services.AddSingleton(new AccessRules(ApiServices.All));
        services.AddSingleton<CallerResolver>();
        services.AddSingleton<ICallerSource, ConnectionCallerSource>();
        services.AddSingleton<IdentityTrust>();
        services.AddSingleton<RequestLedger>();
        services.AddSingleton<OnceOnly>();
        services.AddSingleton<AcmeRequests>();
        services.AddSingleton<FaultInterceptor>();
        services.AddSingleton<AccessInterceptor>();
        services.AddSingleton<FieldBehaviorInterceptor>();
        services.AddSingleton<BoundInterceptor>();
        services.AddSingleton<BoundRules>();
        services.AddSingleton<ProvisionerOf>();
        services.AddSingleton<CertificateWatch>();
        services.AddSingleton<CallExchange>();
        services.AddSingleton(provider => new ExchangeDoor(provider.GetRequiredService<ControlPlaneOptions>().ExchangeSocket, provider.GetRequiredService<ILogger<ExchangeDoor>>()))
            .AddHostedService(provider => provider.GetRequiredService<ExchangeDoor>());
        services.AddSingleton<ApprovalInterceptor>().AddSingleton<ApprovalGate>().AddSingleton<ApprovedCalls>();
        // Carried out again by ApprovedCalls, not only by calls from outside.
        services.AddSingleton<AuthorityApi>().AddSingleton<NameApi>().AddSingleton<ProvisionerApi>().AddSingleton<ProfileApi>().AddSingleton<StateApi>().AddSingleton<WebhookApi>();
        services.AddSingleton(new ReflectionServiceImpl([.. ApiServices.All, Grpc.Health.V1.Health.Descriptor]));
        services.AddSingleton(new ReflectionV1ServiceImpl([.. ApiServices.All, Grpc.Health.V1.Health.Descriptor]));
        services.AddGrpcHealthChecks().AddCheck("ready", () => HealthCheckResult.Healthy());
        return services;
    }

    /// <summary>Maps every service; reflection answers on the admin socket only (<see cref="AccessRules"/>).</summary>
    public static void MapApi(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<AccountApi>();
        endpoints.MapGrpcService<AcmeApi>();
        endpoints.MapGrpcService<ApprovalApi>();
        endpoints.MapGrpcService<AuditApi>();
        endpoints.MapGrpcService<AuthorityApi>();
        endpoints.MapGrpcService<CertificateApi>();
        endpoints.MapGrpcService<GatewayApi>();
        endpoints.MapGrpcService<NameApi>();
        endpoints.MapGrpcService<OperatorApi>();
        endpoints.MapGrpcService<OrderApi>();
        endpoints.MapGrpcService<ProfileApi>();
        endpoints.MapGrpcService<ProvisionerApi>();
        endpoints.MapGrpcService<StateApi>();
        endpoints.MapGrpcService<TrustApi>();
        endpoints.MapGrpcService<WebhookApi>();
        endpoints.MapGrpcHealthChecksService();
        endpoints.MapGrpcService<ReflectionServiceImpl>();
        endpoints.MapGrpcService<ReflectionV1ServiceImpl>();
    }
}

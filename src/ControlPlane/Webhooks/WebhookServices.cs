using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>Webhooks, registered.</summary>
internal static class WebhookServices
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services, ControlPlaneOptions options) => services
        .AddSingleton(options.Webhooks)
        .AddSingleton<WebhookBook>().AddSingleton<WebhookSecrets>().AddSingleton<WebhookCaller>()
        .AddSingleton<IssuanceAuthorizer>().AddSingleton<WebhookNotices>().AddSingleton<WebhookEditing>()
        .AddSingleton<ExpiryWatch>().AddSingleton<DeliveryWorker>()
        .AddHostedService(provider => provider.GetRequiredService<DeliveryWorker>())
        .AddSingleton(new SweepTask("told expiries", TimeSpan.FromMinutes(5), ExpiryStore.SweepAsync));
}

namespace GrpcCa.ControlPlane.Crls;

/// <summary>Revocation lists, registered.</summary>
internal static class CrlServices
{
    public static IServiceCollection AddCrls(this IServiceCollection services, ControlPlaneOptions options) => services
        .AddSingleton(options.Crls)
        .AddSingleton<CrlBook>().AddSingleton<CrlSigner>().AddSingleton<CrlImport>().AddSingleton<CrlWorker>()
        .AddHostedService(provider => provider.GetRequiredService<CrlWorker>());
}

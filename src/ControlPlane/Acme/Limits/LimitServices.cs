namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>The room, registered. The buckets are filled before anything that comes after it starts.</summary>
internal static class LimitServices
{
    public static IServiceCollection AddLimits(this IServiceCollection services, LimitOptions options)
    {
        services.AddSingleton(options).AddSingleton(new LimitBuckets(options.MostBuckets)).AddSingleton<RequestLimits>();
        return services.AddHostedService<LimitRebuild>();
    }
}

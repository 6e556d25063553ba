using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Acme.PastRequests;

namespace GrpcCa.ControlPlane.Acme;

/// <summary>The limits, registered. The buckets are filled before anything that comes after it starts.</summary>
internal static class LimitServices
{
    public static IServiceCollection AddLimits(this IServiceCollection services, LimitOptions options)
    {
        services.AddSingleton(options).AddSingleton(new LimitBuckets(options.MostBuckets)).AddSingleton<RequestLimits>();
        return services.AddHostedService<LimitRebuild>();
    }
}

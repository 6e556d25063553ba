using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Acme.Renewals;
using GrpcCa.ControlPlane.Approvals;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Credentials;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane;

/// <summary>What expires is forgotten in small batches, so that the store follows what is live.</summary>
internal static class Sweeping
{
    // Clients may still ask why an order of yesterday failed.
    private static readonly TimeSpan Grace = TimeSpan.FromHours(24);

    // The certificate itself says what was issued; the plan beside it is for looking into recent faults.
    private static readonly TimeSpan PlansKept = TimeSpan.FromDays(30);
    // Longer than the longest time that an approval may wait.
    private static readonly TimeSpan ApprovalsKept = TimeSpan.FromDays(90);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5), SlowInterval = TimeSpan.FromHours(1);

    public static IServiceCollection AddSweeping(this IServiceCollection services, ControlPlaneOptions options)
    {
        services.AddSingleton(new SweepTask("orders", Interval, (session, now, batch) => OrderStore.SweepAsync(session, now - Grace, batch)));
        services.AddSingleton(new SweepTask("authorizations", Interval, (session, now, batch) => AuthorizationStore.SweepAsync(session, now - Grace, batch)));
        services.AddSingleton(new SweepTask("identities", Interval, (session, now, batch) => AuthorityStore.SweepIdentitiesAsync(session, now - Grace, batch)));
        services.AddSingleton(new SweepTask("join tokens", Interval, JoinTokenStore.SweepAsync));
        services.AddSingleton(new SweepTask("used tokens", Interval, UsedTokenStore.SweepAsync));
        services.AddSingleton(new SweepTask("request ids", Interval, RequestIdStore.SweepAsync));
        services.AddSingleton(new SweepTask("issuance plans", Interval, (session, now, batch) => ClosedPlanStore.DeleteIssuedAsync(session, now - PlansKept, batch)));
        services.AddSingleton(new SweepTask("approvals", Interval, (session, now, batch) => ApprovalStore.SweepAsync(session, now - ApprovalsKept, batch)));
        services.AddSingleton(new SweepTask("renewal windows", SlowInterval, RenewalStore.SweepAdvancesAsync));
        services.AddSingleton(options.Archive).AddSingleton<EndedSweep>().AddSingleton(new CertificateArchive(options.Archive, options.ReplicaId));
        services.AddSingleton(provider => new SweepTask("ended certificates", SlowInterval, provider.GetRequiredService<EndedSweep>().RunAsync));
        services.AddSingleton(options.Storage);
        return services.AddHostedService<Sweeper>();
    }
}

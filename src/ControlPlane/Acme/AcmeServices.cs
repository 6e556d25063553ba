using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Caa;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Acme.Challenges.Dns01;
using GrpcCa.ControlPlane.Acme.Challenges.DnsAccount01;
using GrpcCa.ControlPlane.Acme.Challenges.DnsPersist01;
using GrpcCa.ControlPlane.Acme.Challenges.Http01;
using GrpcCa.ControlPlane.Acme.Challenges.TlsAlpn01;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Acme.Nonces;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Acme.Renewals;
using GrpcCa.ControlPlane.Revocation;

namespace GrpcCa.ControlPlane.Acme;

/// <summary>The ACME rooms, registered.</summary>
internal static class AcmeServices
{
    public static IServiceCollection AddAcme(this IServiceCollection services, ControlPlaneOptions options)
    {
        services.AddSingleton(options.Requests).AddSingleton(options.Nonces).AddSingleton<NonceMint>();
        services.AddLimits(options.Limits);
        services.AddSingleton<IAccountDirectory, AccountKeys>().AddSingleton<RequestVerifier>().AddSingleton<ExternalAccounts>().AddSingleton<AccountRegistry>().AddSingleton<AccountOperations>();
        services.AddSingleton<RevokeAccountsByKey>(AccountStore.RevokeByKeyAsync);
        services.AddSingleton(options.Orders).AddSingleton<OrderDesk>().AddSingleton<OrderFinalizer>().AddSingleton<CertificateDesk>().AddSingleton<RenewalWindows>();
        services.AddSingleton(options.Validation).AddSingleton<NameServers>().AddSingleton<ValidationResolver>().AddSingleton<ValidationDialer>().AddSingleton<ValidationAttempts>();
        services.AddSingleton<RecordLookup>().AddSingleton<TxtLookup>().AddSingleton<CaaChecker>().AddSingleton<CaaRecheck>().AddSingleton<AccountUrls>();
        services.AddSingleton<IChallengeValidator, Http01Validator>().AddSingleton<IChallengeValidator, TlsAlpn01Validator>()
            .AddSingleton<IChallengeValidator, Dns01Validator>().AddSingleton<IChallengeValidator, DnsAccount01Validator>()
            .AddSingleton<IChallengeValidator, DnsPersist01Validator>();
        services.AddSingleton(options.ValidationQueue).AddSingleton<ChallengeWorker>().AddSingleton<ValidationQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<ValidationQueue>());
        return services.AddSingleton<AuthorizationDesk>();
    }
}

using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Signing.File;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>Signing, issuance and the hierarchy, registered.</summary>
internal static class AuthorityServices
{
    public static IServiceCollection AddSigning(this IServiceCollection services, ControlPlaneOptions options)
    {
        services.AddSingleton(new FileKeyOptions { Directory = options.KeyDirectory, Iterations = options.KeyIterations });
        // Read when the first key is opened, so that a start without keys can make the password first.
        services.AddSingleton(_ => KeyPassword.FromFile(options.PasswordFile));
        services.AddSingleton<FileSignerProvider>();
        services.AddSingleton<ISignerProvider>(provider => provider.GetRequiredService<FileSignerProvider>());
        return services.AddSingleton<SigningDesk>().AddSingleton<SecretEnvelope>();
    }

    public static IServiceCollection AddIssuance(this IServiceCollection services, ControlPlaneOptions options) => services
        .AddSingleton(new IssuanceOptions { ReplicaId = options.ReplicaId })
        .AddSingleton<IssuanceCorridor>()
        .AddHostedService<LeftOpenPlans>();

    public static IServiceCollection AddAuthorities(this IServiceCollection services, ControlPlaneOptions options)
    {
        services.AddSingleton<IssuerChains>();
        services.AddSingleton(options.Identity).AddSingleton(new EndpointNames(NamesOf(options)));
        services.AddSingleton<AuthorityBook>().AddSingleton<IdentityAuthority>().AddSingleton<GatewayTlsIssuer>();
        services.AddSingleton<HierarchyImport>().AddSingleton<HierarchyFounder>().AddSingleton<EndpointIdentity>();
        return services.AddHostedService(provider => provider.GetRequiredService<EndpointIdentity>());
    }

    private static ImmutableArray<Identifier> NamesOf(ControlPlaneOptions options)
    {
        var host = options.Endpoint is { } endpoint ? endpoint[..endpoint.LastIndexOf(':')].Trim('[', ']') : options.Listen.Address.ToString();
        var names = new List<Identifier>();
        var isAddress = IPAddress.TryParse(host, out var address);
        if (isAddress && !address!.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)) names.Add(Identifier.ParseIp(address.ToString()));
        if (!isAddress) names.Add(Identifier.ParseDns(host.ToLowerInvariant()));
        if (!isAddress || IPAddress.IsLoopback(address!)) names.Add(Identifier.ParseDns("localhost"));
        return [.. names.Distinct()];
    }
}

using Google.Protobuf.WellKnownTypes;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.Protocol;
using GrpcCa.V1;
using CaaMode = GrpcCa.ControlPlane.Provisioners.CaaMode;
using LifetimeBounds = GrpcCa.ControlPlane.Profiles.LifetimeBounds;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Provisioners between the wire and the room.</summary>
internal static class ProvisionerMapping
{
    public static Provisioner ToProto(ProvisionerRecord record)
    {
        var wire = new Provisioner
        {
            Name = record.Name,
            DisplayName = record.DisplayName,
            Authority = ResourceName.Of(ResourceName.Authorities, record.AuthorityId),
            DefaultProfile = ResourceName.Of(ResourceName.Profiles, record.DefaultProfile),
            Profiles = { record.Profiles.Select(p => ResourceName.Of(ResourceName.Profiles, p)) },
            Disabled = record.Disabled,
            Lifetimes = record.Lifetimes == LifetimeBounds.None ? null : ToProto(record.Lifetimes),
            KeyTypes = { record.KeyTypes },
            CreateTime = Wire.Time(record.CreatedAt),
            UpdateTime = Wire.Time(record.UpdatedAt),
            Etag = record.Etag,
        };
        if (record.Kind == ProvisionerKind.Acme) wire.Acme = ToAcme(record);
        else CredentialMapping.Add(wire, record);
        return wire;
    }

    private static AcmeProvisioner ToAcme(ProvisionerRecord record) => new()
    {
        Challenges = { record.Challenges },
        Http01Port = record.Http01Port ?? 0,
        TlsAlpn01Port = record.TlsAlpn01Port ?? 0,
        Ranges = { record.Ranges },
        OrderLifetime = Duration.FromTimeSpan(record.OrderLifetime),
        AuthorizationReuse = Duration.FromTimeSpan(record.AuthorizationReuse),
        TermsOfServiceUrl = record.TermsOfServiceUrl ?? "",
        WebsiteUrl = record.WebsiteUrl ?? "",
        ExternalAccountRequired = record.ExternalAccountRequired,
        Caa = (AcmeProvisioner.Types.CaaMode)(int)record.Caa,
        CaaIdentities = { record.CaaIdentities },
        Resolvers = { record.Resolvers },
        AttemptTimeout = record.AttemptTimeout is { } bound ? Duration.FromTimeSpan(bound) : null,
        Limits = ToProto(record.Limits),
    };

    /// <summary>A new provisioner.</summary>
    public static ProvisionerRecord ToRecord(string id, Provisioner wire) => Apply(new ProvisionerRecord { Id = id, AuthorityId = "", DefaultProfile = "" }, wire, new FieldChanges([]));

    /// <summary>The record with the fields that the request changes.</summary>
    public static ProvisionerRecord Apply(ProvisionerRecord record, Provisioner wire, FieldChanges changes)
    {
        var next = CredentialMapping.WithKind(record, wire) with
        {
            DisplayName = changes.Of("display_name", wire.DisplayName.Length > 0) ? wire.DisplayName : record.DisplayName,
            AuthorityId = changes.Of("authority", wire.Authority.Length > 0) ? Wire.Id(wire.Authority, ResourceName.Authorities, "provisioner.authority") : record.AuthorityId,
            DefaultProfile = changes.Of("default_profile", wire.DefaultProfile.Length > 0) ? Wire.Id(wire.DefaultProfile, ResourceName.Profiles, "provisioner.default_profile") : record.DefaultProfile,
            Profiles = changes.Of("profiles", wire.Profiles.Count > 0)
                ? [.. wire.Profiles.Select((p, i) => Wire.Id(p, ResourceName.Profiles, $"provisioner.profiles[{i}]"))]
                : record.Profiles,
            Disabled = changes.Of("disabled", wire.Disabled) ? wire.Disabled : record.Disabled,
            Lifetimes = Apply(record.Lifetimes, wire.Lifetimes, changes),
            KeyTypes = changes.Of("key_types", wire.KeyTypes.Count > 0) ? [.. wire.KeyTypes.Distinct(StringComparer.Ordinal)] : record.KeyTypes,
        };
        return next.Kind == ProvisionerKind.Acme ? ApplyAcme(next, wire.Acme ?? new AcmeProvisioner(), changes) : CredentialMapping.Apply(next, wire, changes);
    }

    private static V1.LifetimeBounds ToProto(LifetimeBounds bounds) => new()
    {
        Min = Wire.Span(bounds.Min),
        Default = Wire.Span(bounds.Default),
        Max = Wire.Span(bounds.Max),
    };

    private static LifetimeBounds Apply(LifetimeBounds old, V1.LifetimeBounds? wire, FieldChanges changes) => new(
        changes.Of("lifetimes.min", wire?.Min is not null) ? wire?.Min?.ToTimeSpan() : old.Min,
        changes.Of("lifetimes.default", wire?.Default is not null) ? wire?.Default?.ToTimeSpan() : old.Default,
        changes.Of("lifetimes.max", wire?.Max is not null) ? wire?.Max?.ToTimeSpan() : old.Max);

    private static ProvisionerRecord ApplyAcme(ProvisionerRecord record, AcmeProvisioner acme, FieldChanges changes) => record with
    {
        Challenges = changes.Of("acme.challenges", acme.Challenges.Count > 0) ? [.. acme.Challenges.Count > 0 ? acme.Challenges.Distinct(StringComparer.Ordinal) : ["http-01"]] : record.Challenges,
        Http01Port = changes.Of("acme.http01_port", acme.Http01Port != 0) ? Given(acme.Http01Port) : record.Http01Port,
        TlsAlpn01Port = changes.Of("acme.tls_alpn01_port", acme.TlsAlpn01Port != 0) ? Given(acme.TlsAlpn01Port) : record.TlsAlpn01Port,
        Ranges = changes.Of("acme.ranges", acme.Ranges.Count > 0) ? [.. acme.Ranges] : record.Ranges,
        OrderLifetime = changes.Of("acme.order_lifetime", acme.OrderLifetime is not null) ? acme.OrderLifetime?.ToTimeSpan() ?? TimeSpan.FromHours(24) : record.OrderLifetime,
        AuthorizationReuse = changes.Of("acme.authorization_reuse", acme.AuthorizationReuse is not null) ? acme.AuthorizationReuse?.ToTimeSpan() ?? TimeSpan.FromHours(24) : record.AuthorizationReuse,
        TermsOfServiceUrl = changes.Of("acme.terms_of_service_url", acme.TermsOfServiceUrl.Length > 0) ? Given(acme.TermsOfServiceUrl) : record.TermsOfServiceUrl,
        WebsiteUrl = changes.Of("acme.website_url", acme.WebsiteUrl.Length > 0) ? Given(acme.WebsiteUrl) : record.WebsiteUrl,
        ExternalAccountRequired = changes.Of("acme.external_account_required", acme.ExternalAccountRequired) ? acme.ExternalAccountRequired : record.ExternalAccountRequired,
        Caa = changes.Of("acme.caa", acme.Caa != 0) ? acme.Caa == 0 ? CaaMode.Off : (CaaMode)(int)acme.Caa : record.Caa,
        CaaIdentities = changes.Of("acme.caa_identities", acme.CaaIdentities.Count > 0) ? [.. acme.CaaIdentities.Select(i => i.ToLowerInvariant())] : record.CaaIdentities,
        Resolvers = changes.Of("acme.resolvers", acme.Resolvers.Count > 0) ? [.. acme.Resolvers] : record.Resolvers,
        AttemptTimeout = changes.Of("acme.attempt_timeout", acme.AttemptTimeout is not null) ? acme.AttemptTimeout?.ToTimeSpan() : record.AttemptTimeout,
        Limits = changes.Of("acme.limits", acme.Limits is not null) ? ToRecord(acme.Limits ?? new AcmeLimits()) : record.Limits,
    };

    private static AcmeLimits ToProto(ProvisionerLimits limits) => new()
    {
        AccountsPerAddress = limits.AccountsPerAddress ?? 0,
        Accounts = limits.Accounts ?? 0,
        OrdersPerAccount = limits.OrdersPerAccount ?? 0,
        OrdersPerAddress = limits.OrdersPerAddress ?? 0,
        OrdersPerName = limits.OrdersPerName ?? 0,
        Orders = limits.Orders ?? 0,
        PendingAuthorizationsPerAccount = limits.PendingAuthorizationsPerAccount ?? 0,
        FailedValidationsPerAccountAndName = limits.FailedValidationsPerAccountAndName ?? 0,
    };

    private static ProvisionerLimits ToRecord(AcmeLimits limits) => new()
    {
        AccountsPerAddress = Given(limits.AccountsPerAddress),
        Accounts = Given(limits.Accounts),
        OrdersPerAccount = Given(limits.OrdersPerAccount),
        OrdersPerAddress = Given(limits.OrdersPerAddress),
        OrdersPerName = Given(limits.OrdersPerName),
        Orders = Given(limits.Orders),
        PendingAuthorizationsPerAccount = Given(limits.PendingAuthorizationsPerAccount),
        FailedValidationsPerAccountAndName = Given(limits.FailedValidationsPerAccountAndName),
    };

    private static int? Given(int number) => number == 0 ? null : number;

    private static string? Given(string text) => text.Length == 0 ? null : text;
}

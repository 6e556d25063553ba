using System.Security.Cryptography;
using Google.Protobuf;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.Protocol;
using GrpcCa.V1;
using KeyState = GrpcCa.ControlPlane.Authorities.KeyState;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Gateways between the wire and the room.</summary>
internal static class GatewayMapping
{
    public static Gateway ToProto(GatewayRecord gateway) => new()
    {
        Name = gateway.Name,
        BaseUrls = { gateway.BaseUrls },
        TlsNames = { gateway.DeclaredTlsNames.Select(n => n.Value) },
        Provisioners = { gateway.ProvisionerIds.Select(p => ResourceName.Of(ResourceName.Provisioners, p)) },
        Disabled = gateway.Disabled,
        RetiredBaseUrls = { gateway.RetiredBaseUrls },
        CreateTime = Wire.Time(gateway.CreatedAt),
        EnrollTime = Wire.Time(gateway.Identity.EnrolledAt),
        IdentityExpireTime = Wire.Time(gateway.Identity.ExpiresAt),
        Etag = gateway.Etag,
    };

    /// <summary>Everything a new gateway is told to be.</summary>
    public static GatewayDraft ToDraft(Gateway gateway) => new()
    {
        BaseUrls = [.. gateway.BaseUrls],
        RetiredBaseUrls = gateway.RetiredBaseUrls.Count > 0 ? [.. gateway.RetiredBaseUrls] : null,
        TlsNames = [.. gateway.TlsNames],
        ProvisionerIds = ProvisionerIds(gateway),
        Disabled = gateway.Disabled,
    };

    /// <summary>What the mask lets change: the masked fields, all of them for <c>*</c>, those that are set without a mask.</summary>
    public static GatewayDraft ToDraft(Gateway gateway, IReadOnlyCollection<string> mask)
    {
        bool Changes(string field, bool isSet) => mask.Count == 0 ? isSet : mask.Contains(field) || mask.Contains("*");
        return new GatewayDraft
        {
            BaseUrls = Changes("base_urls", gateway.BaseUrls.Count > 0) ? [.. gateway.BaseUrls] : null,
            RetiredBaseUrls = Changes("retired_base_urls", gateway.RetiredBaseUrls.Count > 0) ? [.. gateway.RetiredBaseUrls] : null,
            TlsNames = Changes("tls_names", gateway.TlsNames.Count > 0) ? [.. gateway.TlsNames] : null,
            ProvisionerIds = Changes("provisioners", gateway.Provisioners.Count > 0) ? ProvisionerIds(gateway) : null,
            Disabled = Changes("disabled", gateway.Disabled) ? gateway.Disabled : null,
        };
    }

    /// <summary>What the gateway serves by itself. Only what works is advertised: the flags left out stay false.</summary>
    public static GatewayConfig ToConfig(
        GatewayRecord gateway, IEnumerable<ProvisionerRecord> provisioners, IReadOnlyDictionary<string, ProfileRecord> profiles, AuthoritySnapshot hierarchy, IReadOnlyList<byte[]> identityRoots, string serverVersion)
    {
        var trusted = hierarchy.Of(AuthorityPurpose.Issuing).Where(a => a.IsTrusted).ToList();
        var config = new GatewayConfig
        {
            Gateway = gateway.Name,
            BaseUrls = { gateway.BaseUrls },
            TlsNames = { gateway.TlsNames.Select(n => n.Value) },
            Roots = { trusted.Select(a => Published("", a.RootDer)) },
            Intermediates = { trusted.SelectMany(a => a.Issuers).Where(i => i.State != KeyState.Retired).Select(i => Published(i.Id, i.Der)) },
            IdentityRootDers = { identityRoots.Select(r => ByteString.CopyFrom(r)) },
            ServerVersion = serverVersion,
        };
        foreach (var provisioner in provisioners.OrderBy(p => p.Id, StringComparer.Ordinal))
            if (provisioner.Kind == ProvisionerKind.Acme && !provisioner.Disabled && gateway.MayServe(provisioner.Id))
                config.Directories.Add(Directory(provisioner, profiles));
        config.Etag = Convert.ToHexStringLower(SHA256.HashData(config.ToByteArray()).AsSpan(0, 16));
        return config;
    }

    private static GatewayConfig.Types.DirectoryConfig Directory(ProvisionerRecord provisioner, IReadOnlyDictionary<string, ProfileRecord> profiles)
    {
        var directory = new GatewayConfig.Types.DirectoryConfig
        {
            ProvisionerId = provisioner.Id,
            TermsOfServiceUrl = provisioner.TermsOfServiceUrl ?? "",
            WebsiteUrl = provisioner.WebsiteUrl ?? "",
            NewAuthorization = true,
            KeyChange = true,
            RenewalInfo = true,
            ExternalAccountRequired = provisioner.ExternalAccountRequired,
            CaaIdentities = { provisioner.CaaIdentities },
        };
        foreach (var profile in profiles.Values.Where(p => provisioner.Offers(p.Id))) directory.Profiles.Add(profile.Id, profile.Description);
        return directory;
    }

    private static IReadOnlyList<string> ProvisionerIds(Gateway gateway) =>
        [.. gateway.Provisioners.Select((p, i) => Wire.Id(p, ResourceName.Provisioners, $"gateway.provisioners[{i}]"))];

    private static GatewayConfig.Types.PublishedCertificate Published(string id, byte[] der) => new()
    {
        Id = id,
        Der = ByteString.CopyFrom(der),
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(der)),
    };
}

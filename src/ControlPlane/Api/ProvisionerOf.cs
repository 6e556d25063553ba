using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Api;

/// <summary>The provisioner that a resource belongs to.</summary>
internal sealed class ProvisionerOf(IStore store)
{
    /// <summary>Its id; null for what does not exist or belongs to no single provisioner, such as an authority.</summary>
    public ValueTask<string?> FindAsync(string resource, CancellationToken cancellationToken) =>
        store.ReadAsync(session => FindAsync(session, resource), cancellationToken);

    /// <summary>The same, within a session.</summary>
    public static async ValueTask<string?> FindAsync(StoreSession session, string resource)
    {
        if (ResourceName.TryParse(resource, ResourceName.Provisioners, out var id)) return id;
        if (ResourceName.TryParse(resource, ResourceName.Accounts, out id)) return (await AccountStore.FindAsync(session, id))?.ProvisionerId;
        if (ResourceName.TryParse(resource, ResourceName.EabKeys, out id)) return (await EabKeyStore.FindAsync(session, id))?.ProvisionerId;
        if (ResourceName.TryParse(resource, ResourceName.Certificates, out id))
            return SerialNumber.TryParseHex(id, out var serial) ? (await CertificateStore.FindAsync(session, serial))?.ProvisionerId : null;
        if (ResourceName.TryParse(resource, ResourceName.NameRules, out id) && await NameRuleStore.FindAsync(session, id) is { } rule)
            return await FindAsync(session, rule.Level);
        return null;
    }
}

using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Operators;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>Whether what a level of name rules is named after exists.</summary>
internal static class NamedLevel
{
    private const string Forms = "a level is authorities/{id}, provisioners/{id}, accounts/{id}, eabKeys/{id} or operators/{id}";

    /// <exception cref="RefusalException">InvalidArgument: it is no level.</exception>
    public static async ValueTask<bool> ExistsAsync(StoreSession session, string level)
    {
        if (ResourceName.TryParse(level, ResourceName.Provisioners, out var id)) return await ProvisionerStore.FindAsync(session, id) is not null;
        if (ResourceName.TryParse(level, ResourceName.Authorities, out id))
            return (await AuthorityStore.LoadAsync(session)).Find(id) is { Purpose: AuthorityPurpose.Issuing };
        if (ResourceName.TryParse(level, ResourceName.Accounts, out id)) return await AccountStore.FindAsync(session, id) is not null;
        if (ResourceName.TryParse(level, ResourceName.EabKeys, out id)) return await EabKeyStore.FindAsync(session, id) is not null;
        if (ResourceName.TryParse(level, ResourceName.Operators, out id)) return await OperatorStore.FindAsync(session, id) is not null;
        throw new RefusalException(RefusalReason.InvalidArgument, Forms) { Field = "level.level" };
    }

    public static RefusalException Missing(string level) => new(RefusalReason.InvalidArgument, $"there is no {Excerpt.Of(level)}") { Field = "level.level" };
}

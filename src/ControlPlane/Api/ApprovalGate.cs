using System.Collections.Frozen;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Approvals;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;
using Role = GrpcCa.V1.Role;

namespace GrpcCa.ControlPlane.Api;

/// <summary>Why a call needs a second operator.</summary>
/// <param name="Demander">Who demands it.</param>
/// <param name="Resource">What the call acts on.</param>
/// <param name="Summary">What it would do, for people.</param>
internal sealed record ApprovalNeed(string Demander, string Resource, string Summary);

/// <summary>
/// Whether a call needs a second operator: its method has the option <c>approval</c>, it may widen something, and the
/// authority or provisioner it acts on demands one.
/// </summary>
internal sealed class ApprovalGate(IStore store, DemandBook demands, ProvisionerBook provisioners)
{
    private const string Anything = "-";

    /// <summary>The marked methods, by path, with the field that names what they act on.</summary>
    public static FrozenDictionary<string, string> Marked { get; } = ApiServices.Methods()
        .Select(m => (m.Key, Rule: m.Value.GetOptions()?.GetExtension(AccessExtensions.Approval)))
        .Where(m => m.Rule is not null)
        .ToFrozenDictionary(m => m.Key, m => m.Rule!.Resource, StringComparer.Ordinal);

    /// <summary>Why the call needs a second operator; null when it does not.</summary>
    public async ValueTask<ApprovalNeed?> NeedAsync(string method, IMessage request, CancellationToken cancellationToken)
    {
        if (!Marked.TryGetValue(method, out var field) || IsQuestion(request)) return null;
        var demanding = (await demands.CurrentAsync(cancellationToken)).Keys.ToHashSet(StringComparer.Ordinal);
        if (demanding.Count == 0) return null;
        var resource = field == Anything ? "" : TextAt(request, field);
        var rule = await RuleOfAsync(request, cancellationToken);
        if (!MayWiden(request, rule)) return null;
        var known = await provisioners.CurrentAsync(cancellationToken);
        foreach (var touched in Touched(request, rule?.Level ?? resource))
            if (await DemanderAsync(touched, demanding, known, cancellationToken) is { } demander)
                return new ApprovalNeed(demander, resource.Length > 0 ? resource : demander, ApprovalText.Of(request, rule));
        return null;
    }

    /// <summary>From afar nobody makes or raises those who approve while something is demanded: one person could be two.</summary>
    /// <exception cref="RefusalException">FailedPrecondition.</exception>
    public async ValueTask CheckOperatorsAsync(IMessage request, Caller caller, CancellationToken cancellationToken)
    {
        var raises = request switch
        {
            CreateOperatorRequest create => create.Operator.Role is Role.Operator or Role.Owner,
            UpdateOperatorRequest update => update.Operator.Role is not (Role.Auditor or Role.Issuer) || update.UpdateMask is { Paths: var paths } && !paths.Contains("role"),
            _ => false,
        };
        if (!raises || caller.Kind == CallerKind.LocalAdmin || (await demands.CurrentAsync(cancellationToken)).Count == 0) return;
        throw new RefusalException(RefusalReason.FailedPrecondition,
            "while a second operator is demanded, those who could be one are made and changed on the admin socket only");
    }

    // AIP-163: a question changes nothing.
    private static bool IsQuestion(IMessage request) => request.Descriptor.FindFieldByName("validate_only")?.Accessor.GetValue(request) is true;

    // Whatever is not known to narrow may widen.
    private static bool MayWiden(IMessage request, Names.NameRule? rule) => request switch
    {
        CreateNameRuleRequest create => create.NameRule.Effect != V1.NameRule.Types.Effect.Deny,
        DeleteNameRuleRequest => rule is null || rule.Effect == NameRuleEffect.Deny,
        UpdateProvisionerRequest update => !(update.Provisioner.Disabled && update.UpdateMask is { Paths: ["disabled"] }),
        SetApprovalDemandRequest set => !set.Required,
        _ => true,
    };

    // A provisioner may be made under, or moved to, an authority that demands one, or renew what a provisioner that does issued.
    private static IEnumerable<string> Touched(IMessage request, string resource) => request switch
    {
        CreateProvisionerRequest create => [create.Provisioner.Authority, ResourceName.Of(ResourceName.Provisioners, create.ProvisionerId), .. create.Provisioner.Renewal?.Provisioners ?? []],
        // Where no authority is said it stays where it is.
        UpdateProvisionerRequest { Provisioner.Authority: "" } update => [resource, .. update.Provisioner.Renewal?.Provisioners ?? []],
        UpdateProvisionerRequest update => [resource, update.Provisioner.Authority, .. update.Provisioner.Renewal?.Provisioners ?? []],
        _ => [resource],
    };

    private async ValueTask<string?> DemanderAsync(
        string resource, HashSet<string> demanding, FrozenDictionary<string, ProvisionerRecord> known, CancellationToken cancellationToken)
    {
        string? OfProvisioner(ProvisionerRecord p)
        {
            var authority = ResourceName.Of(ResourceName.Authorities, p.AuthorityId);
            return demanding.Contains(p.Name) ? p.Name
                : demanding.Contains(authority) ? authority
                // What changes one that renews changes what those it renews for come to.
                : p.Renewal?.Provisioners.Select(id => ResourceName.Of(ResourceName.Provisioners, id)).FirstOrDefault(demanding.Contains);
        }
        // What hangs below an authority is the authority's.
        if (resource.StartsWith(ResourceName.Authorities + "/", StringComparison.Ordinal)) resource = string.Join('/', resource.Split('/').Take(2));
        if (demanding.Contains(resource)) return resource;
        if (ResourceName.TryParse(resource, ResourceName.Authorities, out _)) return null;
        if (ResourceName.TryParse(resource, ResourceName.Profiles, out var profile))
            return known.Values.Where(p => p.Offers(profile)).Select(OfProvisioner).FirstOrDefault(d => d is not null);
        var owner = await store.ReadAsync(session => ProvisionerOf.FindAsync(session, resource), cancellationToken);
        if (owner is not null) return known.GetValueOrDefault(owner) is { } provisioner ? OfProvisioner(provisioner) : null;
        // A level of an operator, a whole document: they may reach everything.
        return resource.Length == 0 || ResourceName.TryParse(resource, ResourceName.Operators, out _) ? demanding.Order(StringComparer.Ordinal).First() : null;
    }

    private async ValueTask<Names.NameRule?> RuleOfAsync(IMessage request, CancellationToken cancellationToken) =>
        request is DeleteNameRuleRequest delete && ResourceName.TryParse(delete.Name, ResourceName.NameRules, out var id)
            ? await store.ReadAsync(session => NameRuleStore.FindAsync(session, id), cancellationToken)
            : null;

    private static string TextAt(IMessage request, string path)
    {
        object? value = request;
        foreach (var part in path.Split('.')) value = value is IMessage message ? message.Descriptor.FindFieldByName(part)?.Accessor.GetValue(message) : null;
        return value as string ?? "";
    }
}

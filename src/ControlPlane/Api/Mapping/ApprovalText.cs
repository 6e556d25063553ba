using Google.Protobuf;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>What a request would do, in words for who has to approve it; the request itself stands beside them.</summary>
internal static class ApprovalText
{
    private const int Longest = 1000;

    public static string Of(IMessage request, Names.NameRule? rule) => Short(request switch
    {
        CreateNameRuleRequest create => $"add the rule 'allow {create.NameRule.Pattern}' to {create.NameRule.Level}",
        DeleteNameRuleRequest delete => $"remove the rule '{rule?.ToString() ?? delete.Name}'",
        UnsetNameLevelRequest unset => $"remove all rules of {unset.Level}, which then leaves names to the other levels",
        CreateProvisionerRequest create => $"add provisioners/{create.ProvisionerId}: {Fields(create.Provisioner)}",
        UpdateProvisionerRequest update => $"change {update.Provisioner.Name}: {Fields(update.Provisioner)}{Mask(update.UpdateMask?.Paths)}",
        DeleteProvisionerRequest delete => $"delete {delete.Name}",
        UpdateProfileRequest update => $"change {update.Profile.Name}: {Fields(update.Profile)}{Mask(update.UpdateMask?.Paths)}",
        ApplyStateRequest apply => $"apply a document with {apply.State.Provisioners.Count} provisioners, {apply.State.Profiles.Count} profiles and {apply.State.NameLevels.Count} levels of name rules",
        CreateIssuerChainRequest create => $"offer clients another chain of {create.Parent}",
        DeleteIssuerChainRequest delete => $"offer clients the chain {delete.Name} no more",
        UpdateWebhookRequest update => $"change {update.Webhook.Name}: {Fields(update.Webhook)}{Mask(update.UpdateMask?.Paths)}",
        DeleteWebhookRequest delete => $"delete {delete.Name}, which is then neither asked nor told",
        SetApprovalDemandRequest set => $"let {set.Resource} demand no second operator any more",
        _ => request.Descriptor.Name,
    });

    private static string Fields(IMessage resource) =>
        string.Join(", ", MessageChanges.Between(null, resource).Where(c => c.Path is not ("name" or "etag")).Select(c => $"{c.Path} = {c.After}"));

    private static string Mask(IEnumerable<string>? paths) => paths?.ToList() is { Count: > 0 } named ? $" (fields {string.Join(", ", named)})" : "";

    private static string Short(string text) => text.Length <= Longest ? text : text[..Longest] + "…";
}

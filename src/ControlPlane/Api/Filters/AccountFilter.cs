using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Api.Filters;

/// <summary>What filters of accounts and EAB keys say.</summary>
internal static class AccountFilter
{
    private static readonly string[] Equal = ["="];

    private static readonly Dictionary<string, string[]> Fields = new(StringComparer.Ordinal)
    {
        ["provisioner"] = Equal,
        ["state"] = Equal,
        ["eab_key"] = Equal,
        ["contact"] = Equal,
        ["key_thumbprint"] = Equal,
    };

    private static readonly Dictionary<string, string[]> EabFields = new(StringComparer.Ordinal) { ["provisioner"] = Equal, ["disabled"] = Equal };

    /// <exception cref="RefusalException">The filter is wrong.</exception>
    public static ImmutableArray<AccountCondition> Read(string filter) => [.. FilterParser.Parse(filter, Fields).SelectMany(term => Conditions(term))];

    /// <exception cref="RefusalException">The filter is wrong.</exception>
    public static (string? ProvisionerId, bool? Disabled) ReadEab(string filter)
    {
        string? provisioner = null;
        bool? disabled = null;
        foreach (var term in FilterParser.Parse(filter, EabFields))
        {
            if (term.Field == "provisioner") provisioner = Id(term, ResourceName.Provisioners);
            else disabled = bool.TryParse(term.Value, out var value) ? value : throw Wrong($"disabled is true or false, not {Excerpt.Of(term.Value)}");
        }
        return (provisioner, disabled);
    }

    private static ImmutableArray<AccountCondition> Conditions(FilterTerm term) => term.Field switch
    {
        "provisioner" => [new(AccountField.Provisioner, Id(term, ResourceName.Provisioners))],
        "eab_key" => [new(AccountField.EabKey, Id(term, ResourceName.EabKeys))],
        "contact" => [new(AccountField.Contact, Clean(term))],
        "key_thumbprint" => [new(AccountField.Thumbprint, Clean(term))],
        _ => State(term.Value),
    };

    private static ImmutableArray<AccountCondition> State(string state) => state switch
    {
        "VALID" or "STATE_VALID" => [new(AccountField.Status, nameof(AccountStatus.Valid))],
        "PAUSED" => [new(AccountField.Status, nameof(AccountStatus.Valid)), new(AccountField.IsPaused, "")],
        "DEACTIVATED" or "STATE_DEACTIVATED" => [new(AccountField.Status, nameof(AccountStatus.Deactivated))],
        "REVOKED" or "STATE_REVOKED" => [new(AccountField.Status, nameof(AccountStatus.Revoked))],
        _ => throw Wrong($"state is VALID, PAUSED, DEACTIVATED or REVOKED, not {Excerpt.Of(state)}"),
    };

    private static string Clean(FilterTerm term) => term.Value.Any(char.IsControl) || term.Value.Contains(' ', StringComparison.Ordinal)
        ? throw Wrong($"{term.Field} has a blank or a control character in it")
        : term.Value;

    private static string Id(FilterTerm term, string collection) => ResourceName.TryParse(Clean(term), collection, out var id)
        ? id
        : throw Wrong($"{term.Field} is a name such as {collection}/…, not {Excerpt.Of(term.Value)}");

    private static RefusalException Wrong(string fault) => new(RefusalReason.InvalidArgument, $"the filter is wrong: {fault}") { Field = "filter" };
}

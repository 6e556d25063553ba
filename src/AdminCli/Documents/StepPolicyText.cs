using System.Text.Json.Nodes;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Documents;

/// <summary>The rules of one level as a <c>policy</c> object of step-ca; what that cannot say is told.</summary>
internal static class StepPolicyText
{
    public static (JsonObject Policy, IReadOnlyList<string> Lost) Of(IReadOnlyList<NameRule> rules)
    {
        var lost = new List<string>();
        var wildcards = rules.Where(r => r.Effect == NameRule.Types.Effect.Allow && r.Pattern.StartsWith("wildcard:", StringComparison.Ordinal)).Select(r => After(r.Pattern)).ToHashSet(StringComparer.Ordinal);
        var labels = rules.Where(r => r.Effect == NameRule.Types.Effect.Allow && r.Pattern.StartsWith("label:", StringComparison.Ordinal)).Select(r => After(r.Pattern)).ToHashSet(StringComparer.Ordinal);
        // One switch for all names there: only where every allowed parent has its wildcard it means the same.
        var all = wildcards.Count > 0 && wildcards.SetEquals(labels);
        var x509 = new JsonObject { ["allow"] = Side(NameRule.Types.Effect.Allow), ["deny"] = Side(NameRule.Types.Effect.Deny), ["allowWildcardNames"] = all };
        return (new JsonObject { ["x509"] = x509 }, lost);

        JsonObject Side(NameRule.Types.Effect effect)
        {
            JsonArray dns = [], ip = [];
            foreach (var rule in rules.Where(r => r.Effect == effect))
            {
                var value = After(rule.Pattern);
                if (rule.ExpireTime is not null) lost.Add($"{rule.Pattern} ends at a time, which step-ca cannot say: left out");
                else if (rule.Pattern.StartsWith("exact:", StringComparison.Ordinal)) dns.Add((JsonNode)value);
                else if (rule.Pattern.StartsWith("label:", StringComparison.Ordinal)) dns.Add((JsonNode)("*." + value));
                else if (rule.Pattern.StartsWith("ip:", StringComparison.Ordinal)) ip.Add((JsonNode)value);
                else if (!(all && effect == NameRule.Types.Effect.Allow && wildcards.Contains(value))) lost.Add($"{rule.Pattern} has no word in step-ca's policies: left out");
            }
            return new JsonObject { ["dns"] = dns, ["ip"] = ip };
        }
    }

    private static string After(string pattern) => pattern[(pattern.IndexOf(':', StringComparison.Ordinal) + 1)..];
}

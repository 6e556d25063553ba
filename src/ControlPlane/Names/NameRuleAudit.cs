using GrpcCa.ControlPlane.Audit;

namespace GrpcCa.ControlPlane.Names;

/// <summary>What the audit says when a rule comes or goes.</summary>
internal static class NameRuleAudit
{
    public static AuditEvent Created(NameRule rule, string actor, DateTimeOffset now) => Of("nameRule.create", rule, actor, now);

    public static AuditEvent Deleted(NameRule rule, string actor, DateTimeOffset now) => Of("nameRule.delete", rule, actor, now);

    public static AuditEvent Unset(string level, int rules, string actor, DateTimeOffset now) =>
        new(now, "nameLevel.unset", actor, level, [new("rules", rules.ToString(System.Globalization.CultureInfo.InvariantCulture))]);

    private static AuditEvent Of(string action, NameRule rule, string actor, DateTimeOffset now) =>
        new(now, action, actor, $"nameRules/{rule.Id}",
        [
            new("level", rule.Level),
            new("effect", rule.Effect == NameRuleEffect.Allow ? "allow" : "deny"),
            new("pattern", rule.Pattern.ToString()),
            new("expires", rule.ExpiresAt is { } end ? end.ToString("u") : ""),
            new("comment", rule.Comment),
        ]);
}

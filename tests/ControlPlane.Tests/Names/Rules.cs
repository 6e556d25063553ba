using System.Collections.Immutable;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Tests.Names;

/// <summary>Short ways to write rules, levels and names.</summary>
internal static class Rules
{
    public static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    public static NameRule Allow(string pattern, string level = "provisioners/acme") => Of(NameRuleEffect.Allow, pattern, level);

    public static NameRule Deny(string pattern, string level = "provisioners/acme") => Of(NameRuleEffect.Deny, pattern, level);

    public static NameRule Expired(this NameRule rule) => rule with { ExpiresAt = Now };

    public static NameLevel Provisioner(params ImmutableArray<NameRule> rules) => new("provisioners/acme", mandatory: true, rules);

    public static NameLevel Authority(params ImmutableArray<NameRule> rules) => new("authorities/home", mandatory: false, rules);

    public static Identifier Name(string text) => text.Contains(':', StringComparison.Ordinal) || char.IsAsciiDigit(text[^1])
        ? Identifier.ParseIp(text)
        : Identifier.ParseDns(text);

    private static NameRule Of(NameRuleEffect effect, string pattern, string level) =>
        NameRule.Create(level, effect, NameRulePattern.Parse(pattern), "system", Now);
}

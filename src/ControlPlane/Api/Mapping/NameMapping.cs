using GrpcCa.ControlPlane.Names;
using GrpcCa.Protocol;
using GrpcCa.V1;
using NameRule = GrpcCa.ControlPlane.Names.NameRule;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Name rules between the wire and the room.</summary>
internal static class NameMapping
{
    public static V1.NameRule ToProto(NameRule rule) => new()
    {
        Name = NameOf(rule),
        Level = rule.Level,
        Effect = (V1.NameRule.Types.Effect)(int)rule.Effect,
        Pattern = rule.Pattern.ToString(),
        Comment = rule.Comment,
        ExpireTime = Wire.Time(rule.ExpiresAt),
        Creator = rule.Creator,
        CreateTime = Wire.Time(rule.CreatedAt),
    };

    public static TestNameResponse.Types.LevelDecision ToProto(LevelVerdict verdict) => new()
    {
        Level = verdict.Level,
        Allowed = verdict.Allowed,
        NameRule = verdict.Rule is { } rule ? NameOf(rule) : "",
        Explanation = verdict.Explanation,
    };

    private static string NameOf(NameRule rule) => ResourceName.Of(ResourceName.NameRules, rule.Id);
}

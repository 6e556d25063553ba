using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Operators;

/// <summary>Words for roles and for where an operator stands.</summary>
internal static class OperatorText
{
    public static string[] RoleWords { get; } = ["auditor", "issuer", "operator", "owner"];

    public static Role Role(string word) => word.ToLowerInvariant() switch
    {
        "auditor" => V1.Role.Auditor,
        "issuer" => V1.Role.Issuer,
        "operator" => V1.Role.Operator,
        "owner" => V1.Role.Owner,
        _ => throw CliFailure.Usage($"'{word}' is no role"),
    };

    public static string Role(Role role) => role switch
    {
        V1.Role.Auditor => "auditor",
        V1.Role.Issuer => "issuer",
        V1.Role.Operator => "operator",
        V1.Role.Owner => "owner",
        _ => "unknown",
    };

    public static Cell State(Operator person, DateTimeOffset now) => person switch
    {
        { Disabled: true } => new("disabled", Tone.Bad),
        { EnrollTime: null } => new("waiting to log in", Tone.Warning),
        { IdentityExpireTime: { } end } when end.ToDateTimeOffset() < now => new("identity expired", Tone.Bad),
        _ => new("enrolled", Tone.Good),
    };

    public static string Bound(Operator person) => person switch
    {
        { Role: V1.Role.Auditor } => "nothing, it reads",
        { Provisioners.Count: 0 } => "all",
        _ => string.Join(", ", person.Provisioners.Select(Ids.Short)),
    };

    public static IEnumerable<Field> Fields(Operator person, DateTimeOffset now) =>
    [
        new("Operator", Ids.Short(person.Name)),
        new("Role", Role(person.Role)),
        new("State", State(person, now)),
        new("Acts on", Bound(person)),
        new("Created", Cell.Of(person.CreateTime)),
        new("Enrolled", Cell.Of(person.EnrollTime)),
        new("Identity until", When.FormatWithDistance(person.IdentityExpireTime, now)),
    ];
}

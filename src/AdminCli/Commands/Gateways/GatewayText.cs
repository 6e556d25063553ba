using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Gateways;

/// <summary>Words for where a gateway stands.</summary>
internal static class GatewayText
{
    public static Cell State(Gateway gateway, DateTimeOffset now) => gateway switch
    {
        { Disabled: true } => new("disabled", Tone.Bad),
        { EnrollTime: null } => new("waiting to enroll", Tone.Warning),
        { IdentityExpireTime: { } end } when end.ToDateTimeOffset() < now => new("identity expired", Tone.Bad),
        _ => new("enrolled", Tone.Good),
    };

    public static IReadOnlyList<Column<Gateway>> Columns(DateTimeOffset now) =>
    [
        new("Gateway", g => Ids.Short(g.Name)),
        new("State", g => State(g, now)),
        new("Base URLs", g => Cell.Of(g.BaseUrls), Wraps: true),
        new("Provisioners", g => Cell.Of(g.Provisioners.Select(Ids.Short), "all"), Wraps: true),
        new("Identity until", g => Cell.Of(g.IdentityExpireTime)),
    ];

    public static IEnumerable<Field> Fields(Gateway gateway, DateTimeOffset now) =>
    [
        new("Gateway", Ids.Short(gateway.Name)),
        new("State", State(gateway, now)),
        new("Base URLs", Cell.Of(gateway.BaseUrls)),
        new("TLS names", Cell.Of(gateway.TlsNames, "the hosts of the base URLs")),
        new("Provisioners", Cell.Of(gateway.Provisioners.Select(Ids.Short), "all")),
        new("Retired base URLs", Cell.Of(gateway.RetiredBaseUrls)),
        new("Created", Cell.Of(gateway.CreateTime)),
        new("Enrolled", Cell.Of(gateway.EnrollTime)),
        new("Identity until", When.FormatWithDistance(gateway.IdentityExpireTime, now)),
        new("Etag", gateway.Etag),
    ];
}

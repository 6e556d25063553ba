using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary>Words for what an authority is for and where its keys stand.</summary>
internal static class AuthorityText
{
    public static readonly IReadOnlyList<Column<Issuer>> IssuerColumns =
    [
        new("Issuer", i => Ids.Short(i.Name)),
        new("State", i => State(i.State)),
        new("Subject", i => i.Subject, Wraps: true),
        new("Key", i => i.KeyType),
        new("Expires", i => Cell.Of(i.ExpireTime)),
    ];

    public static Cell Purpose(Authority authority) => authority.Purpose switch
    {
        Authority.Types.Purpose.Issuing => new("issuing"),
        Authority.Types.Purpose.Identity => new("identity"),
        _ => new("unknown"),
    };

    public static Cell State(KeyState state) => state switch
    {
        KeyState.Staged => new("staged"),
        KeyState.Active => new("active", Tone.Good),
        KeyState.Retiring => new("retiring", Tone.Warning),
        KeyState.Retired => new("retired"),
        _ => new("unknown"),
    };

    public static IReadOnlyList<Column<Authority>> Columns(DateTimeOffset now) =>
    [
        new("Authority", a => Ids.Short(a.Name)),
        new("Purpose", Purpose),
        new("State", a => State(a.State)),
        new("Name", a => a.DisplayName, Wraps: true),
        new("Root expires", a => When.FormatWithDistance(a.RootExpireTime, now)),
    ];
}

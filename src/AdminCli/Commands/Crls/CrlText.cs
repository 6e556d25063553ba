using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Crls;

/// <summary>Words for revocation lists.</summary>
internal static class CrlText
{
    public static IReadOnlyList<Column<Crl>> Columns(DateTimeOffset now) =>
    [
        new("List", c => Ids.Short(c.Name)),
        new("Issuer", c => c.Issuer),
        new("State", c => State(c, now)),
        new("Number", c => Number(c)),
        new("This update", c => Cell.Of(c.ThisUpdateTime)),
        new("Next update", c => c.NextUpdateTime is null ? Cell.Nothing : When.FormatWithDistance(c.NextUpdateTime, now)),
        new("Entries", c => c.Number == 0 ? Cell.Nothing : $"{c.EntryCount}"),
        new("Bytes", c => c.Number == 0 ? Cell.Nothing : $"{c.SizeBytes}"),
    ];

    public static IEnumerable<Field> Fields(Crl crl, DateTimeOffset now) =>
    [
        new("List", Ids.Short(crl.Name)),
        new("Issuer", crl.Issuer),
        new("Issuer subject", crl.IssuerSubject),
        new("State", State(crl, now)),
        .. crl.Problem.Length == 0 ? Array.Empty<Field>() : [new("Not signed here", crl.Problem)],
        new("Number", Number(crl)),
        new("This update", Cell.Of(crl.ThisUpdateTime)),
        new("Next update", crl.NextUpdateTime is null ? Cell.Nothing : When.FormatWithDistance(crl.NextUpdateTime, now)),
        new("Entries", crl.Number == 0 ? Cell.Nothing : $"{crl.EntryCount}"),
        new("Bytes", crl.Number == 0 ? Cell.Nothing : $"{crl.SizeBytes}"),
        new("SHA-256", crl.Sha256),
        new("URL", crl.Url),
    ];

    private static Cell State(Crl crl, DateTimeOffset now) => crl switch
    {
        { Number: 0, Problem: "" } => new("being made", Tone.Warning),
        { Number: 0 } => new("missing", Tone.Bad),
        _ when crl.NextUpdateTime.ToDateTimeOffset() <= now => new("ended", Tone.Bad),
        { Imported: true } => new("imported", Tone.Good),
        _ => new("current", Tone.Good),
    };

    private static Cell Number(Crl crl) => crl.Number == 0 ? Cell.Nothing : $"{crl.Number}";
}

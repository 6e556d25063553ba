using System.CommandLine;
using GrpcCa.AdminCli.Commands.Fields;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Profiles;

/// <summary>The options of a profile's fields, and the fields as <c>show</c> prints them.</summary>
internal sealed class ProfileOptions
{
    public ProfileOptions()
    {
        Settings.Text("description", "--description", "TEXT", "A sentence for people", (p, text) => p.Description = text);
        Lifetime = Settings.Span("lifetime", "--lifetime", "From issue to the last second", (p, span) => p.Lifetime = span, clearable: false);
        Settings.Span("backdate", "--backdate", "How far notBefore lies before the issue; 1m when not set", (p, span) => p.Backdate = span);
        Usages = Settings.Texts("extended_key_usages", "--usage", "USAGE", "Extended key usages: serverAuth, clientAuth", (p, usages) => p.ExtendedKeyUsages.Add(usages), clearable: false);
        KeyTypes = Settings.Texts("key_types", "--key-type", "TYPE", "Accepted keys: RSA, EC_P256, EC_P384, EC_P521, ED25519", (p, types) => p.KeyTypes.Add(types), clearable: false);
        Settings.Flag("no_revocation_pointers", "--no-revocation-pointers", "Leave out the pointers to CRL and issuer; '--no-revocation-pointers false' takes it back",
            (p, none) => p.NoRevocationPointers = none);
    }

    public SettingList<Profile> Settings { get; } = new();

    public Option<TimeSpan> Lifetime { get; }

    public Option<string[]> Usages { get; }

    public Option<string[]> KeyTypes { get; }

    public static IEnumerable<Field> Fields(Profile profile) =>
    [
        new("Profile", Ids.Short(profile.Name)),
        new("Description", profile.Description),
        new("Lifetime", Cell.Of(profile.Lifetime, Cell.Nothing)),
        new("Backdate", Cell.Of(profile.Backdate, "1m")),
        new("Key usages", Cell.Of(profile.ExtendedKeyUsages)),
        new("Key types", Cell.Of(profile.KeyTypes)),
        new("Revocation pointers", profile.NoRevocationPointers ? "left out" : "where the authority has a URL for them"),
        new("Etag", profile.Etag),
    ];
}

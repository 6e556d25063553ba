using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary>Words for what a provisioner is.</summary>
internal static class ProvisionerText
{
    public static readonly string[] CaaWords = ["off", "check", "require"];

    public static Cell Kind(Provisioner provisioner) => provisioner.KindCase switch
    {
        Provisioner.KindOneofCase.Acme => "acme",
        _ => "unknown",
    };

    public static Cell State(Provisioner provisioner) => provisioner.Disabled ? new("disabled", Tone.Bad) : new("enabled", Tone.Good);

    public static AcmeProvisioner.Types.CaaMode Caa(string word) => word.ToLowerInvariant() switch
    {
        "check" => AcmeProvisioner.Types.CaaMode.Check,
        "require" => AcmeProvisioner.Types.CaaMode.Require,
        _ => AcmeProvisioner.Types.CaaMode.Off,
    };

    public static Cell Caa(AcmeProvisioner.Types.CaaMode mode) => mode switch
    {
        AcmeProvisioner.Types.CaaMode.Check => "check",
        AcmeProvisioner.Types.CaaMode.Require => "require",
        _ => "off",
    };

    public static IEnumerable<Field> Fields(Provisioner p)
    {
        yield return new("Provisioner", Ids.Short(p.Name));
        yield return new("Description", p.DisplayName);
        yield return new("Kind", Kind(p));
        yield return new("State", State(p));
        yield return new("Authority", Ids.Short(p.Authority));
        yield return new("Default profile", Ids.Short(p.DefaultProfile));
        yield return new("Further profiles", Cell.Of(p.Profiles.Select(Ids.Short)));
        if (p.KindCase == Provisioner.KindOneofCase.Acme)
            foreach (var field in Fields(p.Acme)) yield return field;
        yield return new("Created", Cell.Of(p.CreateTime));
        yield return new("Updated", Cell.Of(p.UpdateTime));
        yield return new("Etag", p.Etag);
    }

    private static IEnumerable<Field> Fields(AcmeProvisioner acme) =>
    [
        new("External account", acme.ExternalAccountRequired ? "required" : "not required"),
        new("Challenges", Cell.Of(acme.Challenges, "http-01")),
        new("http-01 port", Cell.Of(acme.Http01Port, "the server's (80 by default)")),
        new("tls-alpn-01 port", Cell.Of(acme.TlsAlpn01Port, "the server's (443 by default)")),
        new("Ranges", Cell.Of(acme.Ranges, "the server's")),
        new("Resolvers", Cell.Of(acme.Resolvers, "the server's")),
        new("Attempt timeout", Cell.Of(acme.AttemptTimeout, "the server's")),
        new("CAA", Caa(acme.Caa)),
        new("CAA identities", Cell.Of(acme.CaaIdentities)),
        new("Order lifetime", Cell.Of(acme.OrderLifetime, "24h")),
        new("Authorization reuse", Cell.Of(acme.AuthorizationReuse, "24h")),
        new("Limits", LimitText.Of(acme.Limits)),
        new("Terms of service", acme.TermsOfServiceUrl),
        new("Website", acme.WebsiteUrl),
    ];
}

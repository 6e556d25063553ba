using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary>Words for what a provisioner is.</summary>
internal static class ProvisionerText
{
    /// <summary>The kinds, in the words of the API.</summary>
    public static readonly string[] KindWords = ["acme", "token", "oidc", "x5c", "renewal"];

    public static readonly string[] CaaWords = ["off", "check", "require"];

    public static Cell Kind(Provisioner provisioner) => provisioner.KindCase switch
    {
        Provisioner.KindOneofCase.Acme => "acme",
        Provisioner.KindOneofCase.Token => "token",
        Provisioner.KindOneofCase.Oidc => "oidc",
        Provisioner.KindOneofCase.X5C => "x5c",
        Provisioner.KindOneofCase.Renewal => "renewal",
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
        if (p.Lifetimes is { } lifetimes)
        {
            yield return new("Shortest lifetime", Cell.Of(lifetimes.Min, "the profile's"));
            yield return new("Default lifetime", Cell.Of(lifetimes.Default, "the profile's"));
            yield return new("Longest lifetime", Cell.Of(lifetimes.Max, "the profile's"));
        }
        if (p.KeyTypes.Count > 0) yield return new("Key types", Cell.Of(p.KeyTypes));
        foreach (var field in KindFields(p)) yield return field;
        yield return new("Created", Cell.Of(p.CreateTime));
        yield return new("Updated", Cell.Of(p.UpdateTime));
        yield return new("Etag", p.Etag);
    }

    private static IEnumerable<Field> KindFields(Provisioner p) => p.KindCase switch
    {
        Provisioner.KindOneofCase.Acme => Fields(p.Acme),
        Provisioner.KindOneofCase.Token => [new("Keys", Cell.Of(p.Token.Keys.Select(k => k.KeyId))), .. Fields(p.Token.Terms, $"grpcca:{p.Name}", "5m")],
        Provisioner.KindOneofCase.Oidc =>
        [
            new("Issuer", p.Oidc.Issuer),
            new("Names", Cell.Of(p.Oidc.Names)),
            new("Admins", Cell.Of(p.Oidc.Admins)),
            new("Required claims", Cell.Of(p.Oidc.RequiredClaims)),
            new("Server's roots", p.Oidc.RootsPem.Length > 0 ? "its own" : "the system's and this CA's"),
            new("Ranges", Cell.Of(p.Oidc.Ranges, "the server's")),
            new("Resolvers", Cell.Of(p.Oidc.Resolvers, "the server's")),
            .. Fields(p.Oidc.Terms, "", "1h"),
        ],
        Provisioner.KindOneofCase.X5C => [new("Names", p.X5C.AnyName ? "any that the rules allow" : "the certificate's own"), .. Fields(p.X5C.Terms, $"grpcca:{p.Name}", "5m")],
        Provisioner.KindOneofCase.Renewal => [new("Renews", Cell.Of(p.Renewal.Provisioners.Select(Ids.Short))), .. Fields(p.Renewal.Terms, "grpcca:renewal", "5m")],
        _ => [],
    };

    private static IEnumerable<Field> Fields(TokenTerms? terms, string audience, string lifetime) =>
    [
        new("Audiences", Cell.Of(terms?.Audiences ?? [], audience)),
        new("Longest token life", Cell.Of(terms?.MaxLifetime, lifetime)),
        new("Clock skew", Cell.Of(terms?.ClockSkew, "30s")),
    ];

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

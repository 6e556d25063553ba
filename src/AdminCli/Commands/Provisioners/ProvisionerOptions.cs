using System.CommandLine;
using GrpcCa.AdminCli.Commands.Fields;
using GrpcCa.Protocol;
using GrpcCa.V1;
using FieldMask = Google.Protobuf.WellKnownTypes.FieldMask;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary>The options of a provisioner's fields. Some are of one kind, some mean the like in several.</summary>
internal sealed class ProvisionerOptions
{
    /// <summary>Stands in a field's path for the provisioner's own kind.</summary>
    private const string OwnKind = "kind.";

    // Fields that several kinds have.
    private static readonly Dictionary<string, string[]> KindsOf = new(StringComparer.Ordinal)
    {
        ["kind.terms.audiences"] = ["token", "oidc", "x5c", "renewal"],
        ["kind.terms.max_lifetime"] = ["token", "oidc", "x5c", "renewal"],
        ["kind.terms.clock_skew"] = ["token", "oidc", "x5c", "renewal"],
        ["kind.ranges"] = ["acme", "oidc"],
        ["kind.resolvers"] = ["acme", "oidc"],
        ["kind.roots_pem"] = ["oidc", "x5c"],
    };

    public ProvisionerOptions()
    {
        Settings.Text("display_name", "--description", "TEXT", "A sentence for people", (p, text) => p.DisplayName = text);
        Authority = Settings.Text("authority", "--authority", "ID", "The authority that issues", (p, id) => p.Authority = Ids.Name(ResourceName.Authorities, id), clearable: false);
        Profile = Settings.Text("default_profile", "--profile", "ID", "The profile used when the client names none",
            (p, id) => p.DefaultProfile = Ids.Name(ResourceName.Profiles, id), clearable: false);
        Settings.Texts("profiles", "--offer", "PROFILE", "Further profiles that clients may name", (p, ids) => p.Profiles.Add(ids.Select(i => Ids.Name(ResourceName.Profiles, i))));
        AddBounds();
        AddValidation();
        AddDirectory();
        Settings.Texts("acme.limits", "--limit", "NAME=N", "Bounds on what clients may ask; N 0 is the server's default. NAME: " + string.Join(", ", LimitText.Words), (p, limits) =>
        {
            if (p.Acme is not { } acme) return;
            acme.Limits ??= new AcmeLimits();
            foreach (var limit in limits) LimitText.Apply(acme.Limits, limit);
        });
        AddCredentials();
    }

    public SettingList<Provisioner> Settings { get; } = new();

    public Option<string?> Authority { get; }

    public Option<string?> Profile { get; }

    /// <summary>Every field that an option sets, as masks name it.</summary>
    public IEnumerable<string> Paths => Settings.Paths.SelectMany(path => KindsOf.TryGetValue(path, out var kinds) ? kinds.Select(kind => $"{kind}.{path[OwnKind.Length..]}") : [path]);

    /// <summary>Gives a provisioner a kind, so that its fields can be set.</summary>
    public static Provisioner OfKind(string kind)
    {
        var provisioner = new Provisioner();
        switch (kind)
        {
            case "token":
                provisioner.Token = new TokenProvisioner();
                break;
            case "oidc":
                provisioner.Oidc = new OidcProvisioner();
                break;
            case "x5c":
                provisioner.X5C = new X5cProvisioner();
                break;
            case "renewal":
                provisioner.Renewal = new RenewalProvisioner();
                break;
            default:
                provisioner.Acme = new AcmeProvisioner();
                break;
        }
        return provisioner;
    }

    /// <summary>The mask as the API names its fields: with the provisioner's kind.</summary>
    /// <exception cref="CliFailure">A field of another kind.</exception>
    public static FieldMask ForKind(FieldMask mask, string kind)
    {
        var named = new FieldMask();
        foreach (var path in mask.Paths)
        {
            string[] kinds = KindsOf.TryGetValue(path, out var several) ? several
                : ProvisionerText.KindWords.Contains(path.Split('.')[0]) ? [path.Split('.')[0]]
                : [kind];
            if (!kinds.Contains(kind))
                throw CliFailure.Usage($"'{path[(path.IndexOf('.', StringComparison.Ordinal) + 1)..]}' is a field of the kind {string.Join(" or ", kinds)}; this provisioner is of the kind {kind}");
            named.Paths.Add(path.StartsWith(OwnKind, StringComparison.Ordinal) ? $"{kind}.{path[OwnKind.Length..]}" : path);
        }
        return named;
    }

    private void AddBounds()
    {
        Settings.Span("lifetimes.min", "--min-lifetime", "The shortest lifetime that may be asked for", (p, span) => Lifetimes(p).Min = span);
        Settings.Span("lifetimes.default", "--default-lifetime", "The lifetime when none is asked for; the profile's when not set", (p, span) => Lifetimes(p).Default = span);
        Settings.Span("lifetimes.max", "--max-lifetime", "The longest lifetime that may be asked for; the profile's when not set", (p, span) => Lifetimes(p).Max = span);
        Settings.Texts("key_types", "--key-type", "TYPE", "Keys that certificates may have, of the profile's; all of those when there are none", (p, types) => p.KeyTypes.Add(types.Select(t => t.ToUpperInvariant())));
    }

    private void AddValidation()
    {
        Settings.Texts("acme.challenges", "--challenge", "TYPE", "Challenge types offered, such as http-01; http-01 when there are none", (p, types) => p.Acme?.Challenges.Add(types));
        Settings.Port("acme.http01_port", "--http01-port", "Port for http-01; the server's (80) when not set", (p, port) => p.Acme?.Http01Port = port);
        Settings.Port("acme.tls_alpn01_port", "--tls-alpn01-port", "Port for tls-alpn-01 and https redirects; the server's (443) when not set", (p, port) => p.Acme?.TlsAlpn01Port = port);
        Settings.Texts("kind.ranges", "--range", "CIDR", "Addresses that validation, or the look-up of an OpenID provider, may dial; the server's when there are none",
            (p, ranges) => (p.Acme?.Ranges ?? p.Oidc?.Ranges)?.Add(ranges));
        Settings.Texts("kind.resolvers", "--resolver", "HOST:PORT", "DNS servers for it; the server's when there are none", (p, resolvers) => (p.Acme?.Resolvers ?? p.Oidc?.Resolvers)?.Add(resolvers));
        Settings.Span("acme.attempt_timeout", "--attempt-timeout", "The longest a validation attempt may take; the server's when not set", (p, span) => p.Acme?.AttemptTimeout = span);
        Settings.Text("acme.caa", "--caa", "off|check|require", "CAA records: not asked for, none means yes, none means no", (p, word) => p.Acme?.Caa = ProvisionerText.Caa(word))
            .OneOf(ProvisionerText.CaaWords);
        Settings.Texts("acme.caa_identities", "--caa-identity", "NAME", "Issuer domain names that CAA records may name", (p, names) => p.Acme?.CaaIdentities.Add(names));
        Settings.Span("acme.order_lifetime", "--order-lifetime", "How long an order may stay pending; 24h when not set", (p, span) => p.Acme?.OrderLifetime = span);
        Settings.Span("acme.authorization_reuse", "--authorization-reuse", "How long a valid authorization may be used again; 24h when not set, 0s is never",
            (p, span) => p.Acme?.AuthorizationReuse = span);
    }

    private void AddDirectory()
    {
        Settings.Flag("acme.external_account_required", "--external-account-required", "Refuse new accounts without an EAB key; '--external-account-required false' takes it back",
            (p, required) => p.Acme?.ExternalAccountRequired = required);
        Settings.Text("acme.terms_of_service_url", "--terms-of-service", "URL", "Terms of service to agree to", (p, url) => p.Acme?.TermsOfServiceUrl = url);
        Settings.Text("acme.website_url", "--website", "URL", "Website shown in the directory", (p, url) => p.Acme?.WebsiteUrl = url);
    }

    private void AddCredentials()
    {
        Settings.Files("token.keys", "--token-key", "[ID=]FILE", "Public keys that sign tokens (kind token): PEM or JWK; ID is what 'kid' calls it, the key's thumbprint when not given",
            (p, files) => p.Token?.Keys.Add(files.Select(f => new TokenKey { KeyId = f.Id, PublicKey = f.Content })), clearable: false);
        Settings.Text("oidc.issuer", "--issuer", "URL", "The OpenID provider (kind oidc)", (p, url) => p.Oidc?.Issuer = url, clearable: false);
        Settings.Texts("oidc.names", "--name-template", "TEMPLATE", "Names that an ID token is good for, such as '{preferred_username}.users.net.gq'", (p, names) => p.Oidc?.Names.Add(names));
        Settings.Texts("oidc.admins", "--admin-claim", "CLAIM=VALUE", "Whose ID tokens are good for any name that the rules allow", (p, claims) => p.Oidc?.Admins.Add(claims));
        Settings.Texts("oidc.required_claims", "--require-claim", "CLAIM=VALUE", "What every ID token must have", (p, claims) => p.Oidc?.RequiredClaims.Add(claims));
        Settings.Files("kind.roots_pem", "--roots", "FILE", "Certificates of authorities, PEM: of the OpenID provider's server, or those whose certificates sign tokens (kind x5c)", (p, files) =>
        {
            var pem = string.Concat(files.Select(f => f.Content));
            p.Oidc?.RootsPem = pem;
            p.X5C?.RootsPem = pem;
        });
        Settings.Flag("x5c.any_name", "--any-name", "A token may ask for names that its certificate does not have (kind x5c)", (p, any) => p.X5C?.AnyName = any);
        Settings.Texts("renewal.provisioners", "--renews", "PROVISIONER", "Whose certificates may be renewed by possession of their keys (kind renewal)",
            (p, ids) => p.Renewal?.Provisioners.Add(ids.Select(i => Ids.Name(ResourceName.Provisioners, i))), clearable: false);
        Settings.Texts("kind.terms.audiences", "--audience", "TEXT", "Audiences that tokens may name; for an OpenID provider its client ids", (p, audiences) => Terms(p)?.Audiences.Add(audiences));
        Settings.Span("kind.terms.max_lifetime", "--max-token-lifetime", "The longest life of a token; 5m when not set, 1h for ID tokens", (p, span) => Terms(p)?.MaxLifetime = span);
        Settings.Span("kind.terms.clock_skew", "--clock-skew", "How far the clock of whoever signs may be wrong; 30s when not set", (p, span) => Terms(p)?.ClockSkew = span);
    }

    private static LifetimeBounds Lifetimes(Provisioner p) => p.Lifetimes ??= new LifetimeBounds();

    private static TokenTerms? Terms(Provisioner p) => p.KindCase switch
    {
        Provisioner.KindOneofCase.Token => p.Token.Terms ??= new TokenTerms(),
        Provisioner.KindOneofCase.Oidc => p.Oidc.Terms ??= new TokenTerms(),
        Provisioner.KindOneofCase.X5C => p.X5C.Terms ??= new TokenTerms(),
        Provisioner.KindOneofCase.Renewal => p.Renewal.Terms ??= new TokenTerms(),
        _ => null,
    };
}

using System.CommandLine;
using GrpcCa.AdminCli.Commands.Fields;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary>The options of a provisioner's fields.</summary>
internal sealed class ProvisionerOptions
{
    public ProvisionerOptions()
    {
        Settings.Text("display_name", "--description", "TEXT", "A sentence for people", (p, text) => p.DisplayName = text);
        Authority = Settings.Text("authority", "--authority", "ID", "The authority that issues", (p, id) => p.Authority = Ids.Name(ResourceName.Authorities, id), clearable: false);
        Profile = Settings.Text("default_profile", "--profile", "ID", "The profile used when the client names none",
            (p, id) => p.DefaultProfile = Ids.Name(ResourceName.Profiles, id), clearable: false);
        Settings.Texts("profiles", "--offer", "PROFILE", "Further profiles that clients may name", (p, ids) => p.Profiles.Add(ids.Select(i => Ids.Name(ResourceName.Profiles, i))));
        AddValidation();
        AddDirectory();
        Settings.Texts("acme.limits", "--limit", "NAME=N", "Bounds on what clients may ask; N 0 is the server's default. NAME: " + string.Join(", ", LimitText.Words), (p, limits) =>
        {
            p.Acme.Limits ??= new AcmeLimits();
            foreach (var limit in limits) LimitText.Apply(p.Acme.Limits, limit);
        });
    }

    public SettingList<Provisioner> Settings { get; } = new();

    public Option<string?> Authority { get; }

    public Option<string?> Profile { get; }

    private void AddValidation()
    {
        Settings.Texts("acme.challenges", "--challenge", "TYPE", "Challenge types offered, such as http-01; http-01 when there are none", (p, types) => p.Acme.Challenges.Add(types));
        Settings.Port("acme.http01_port", "--http01-port", "Port for http-01; the server's (80) when not set", (p, port) => p.Acme.Http01Port = port);
        Settings.Port("acme.tls_alpn01_port", "--tls-alpn01-port", "Port for tls-alpn-01 and https redirects; the server's (443) when not set", (p, port) => p.Acme.TlsAlpn01Port = port);
        Settings.Texts("acme.ranges", "--range", "CIDR", "Addresses that validation may dial; the server's when there are none", (p, ranges) => p.Acme.Ranges.Add(ranges));
        Settings.Texts("acme.resolvers", "--resolver", "HOST:PORT", "DNS servers for validation; the server's when there are none", (p, resolvers) => p.Acme.Resolvers.Add(resolvers));
        Settings.Span("acme.attempt_timeout", "--attempt-timeout", "The longest a validation attempt may take; the server's when not set", (p, span) => p.Acme.AttemptTimeout = span);
        Settings.Text("acme.caa", "--caa", "off|check|require", "CAA records: not asked for, none means yes, none means no", (p, word) => p.Acme.Caa = ProvisionerText.Caa(word))
            .OneOf(ProvisionerText.CaaWords);
        Settings.Texts("acme.caa_identities", "--caa-identity", "NAME", "Issuer domain names that CAA records may name", (p, names) => p.Acme.CaaIdentities.Add(names));
        Settings.Span("acme.order_lifetime", "--order-lifetime", "How long an order may stay pending; 24h when not set", (p, span) => p.Acme.OrderLifetime = span);
        Settings.Span("acme.authorization_reuse", "--authorization-reuse", "How long a valid authorization may be used again; 24h when not set, 0s is never",
            (p, span) => p.Acme.AuthorizationReuse = span);
    }

    private void AddDirectory()
    {
        Settings.Flag("acme.external_account_required", "--external-account-required", "Refuse new accounts without an EAB key; '--external-account-required false' takes it back",
            (p, required) => p.Acme.ExternalAccountRequired = required);
        Settings.Text("acme.terms_of_service_url", "--terms-of-service", "URL", "Terms of service to agree to", (p, url) => p.Acme.TermsOfServiceUrl = url);
        Settings.Text("acme.website_url", "--website", "URL", "Website shown in the directory", (p, url) => p.Acme.WebsiteUrl = url);
    }
}

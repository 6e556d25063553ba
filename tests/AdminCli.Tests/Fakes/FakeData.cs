using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Fakes;

/// <summary>A small CA, the same in every test.</summary>
internal sealed class FakeData
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public List<Authority> Authorities { get; } =
    [
        new()
        {
            Name = "authorities/main",
            DisplayName = "Home CA",
            Purpose = Authority.Types.Purpose.Issuing,
            RootDer = ByteString.CopyFromUtf8("root"),
            RootSha256 = new string('a', 64),
            RootSubject = "CN=Home CA Root",
            RootExpireTime = At(3650),
            PermittedNames = { "net.gq", "100.64.0.0/10" },
            RevocationBaseUrl = "http://ca.net.gq",
            CreateTime = At(-10),
            State = KeyState.Active,
        },
        new()
        {
            Name = "authorities/identity",
            DisplayName = "Home CA identities",
            Purpose = Authority.Types.Purpose.Identity,
            RootDer = ByteString.CopyFromUtf8("identity"),
            RootSha256 = new string('b', 64),
            RootSubject = "CN=Home CA Identity Root",
            RootExpireTime = At(3650),
            CreateTime = At(-10),
            State = KeyState.Active,
        },
    ];

    public List<Webhook> Webhooks { get; } =
    [
        new()
        {
            Name = "webhooks/chat",
            Url = "https://hooks.net.gq/chat",
            Events = { Webhook.Types.Event.Revoked, Webhook.Types.Event.Expiring },
            Timeout = new() { Seconds = 5 },
            ExpiringWithin = new() { Seconds = 7 * 86_400 },
            CreateTime = At(-9),
            Etag = "v1",
            QueuedCount = 1,
            DeliveredCount = 41,
            GivenUpCount = 2,
            LastDeliveryTime = At(-1),
            LastFailureTime = At(-0.01),
            LastFailure = "could not connect to hooks.net.gq: 100.64.0.7:443: connection refused",
        },
        new()
        {
            Name = "webhooks/inventory",
            Url = "https://hooks.net.gq/grpcca",
            Events = { Webhook.Types.Event.Authorize },
            Provisioners = { "provisioners/acme" },
            Timeout = new() { Seconds = 5 },
            ExpiringWithin = new() { Seconds = 7 * 86_400 },
            Comment = "only what is in the inventory",
            CreateTime = At(-9),
            Etag = "v3",
        },
    ];

    public List<Crl> Crls { get; } =
    [
        new()
        {
            Name = "crls/2026a",
            Issuer = "authorities/main/issuers/2026a",
            IssuerSubject = "CN=Home CA Intermediate",
            Number = 1795433520,
            ThisUpdateTime = At(-0.25),
            NextUpdateTime = At(0.75),
            EntryCount = 3,
            SizeBytes = 361,
            Sha256 = new string('d', 64),
            Url = "http://ca.net.gq/crl/2026a",
            Der = ByteString.CopyFromUtf8("list of the issuer"),
        },
        new()
        {
            Name = "crls/root-main",
            Issuer = "authorities/main",
            IssuerSubject = "CN=Home CA Root",
            Url = "http://ca.net.gq/crl/root-main",
            Problem = "the root's key is not here: sign its list where the key is, and import it with 'grpcca crl import FILE'",
        },
    ];

    public List<Issuer> Issuers { get; } =
    [
        new()
        {
            Name = "authorities/main/issuers/2026a",
            CertificateDer = ByteString.CopyFromUtf8("issuer"),
            Sha256 = new string('c', 64),
            Subject = "CN=Home CA Intermediate",
            KeyType = "EC_P256",
            StartTime = At(-10),
            ExpireTime = At(3650),
            State = KeyState.Active,
        },
    ];

    public List<Provisioner> Provisioners { get; } =
    [
        new()
        {
            Name = "provisioners/acme",
            DisplayName = "Hosts that renew every day",
            Authority = "authorities/main",
            DefaultProfile = "profiles/server",
            Acme = new AcmeProvisioner { Challenges = { "http-01" }, Http01Port = 8080, OrderLifetime = Duration.FromTimeSpan(TimeSpan.FromHours(24)) },
            CreateTime = At(-10),
            UpdateTime = At(-2),
            Etag = "e1",
        },
        new()
        {
            Name = "provisioners/nixos",
            Authority = "authorities/main",
            DefaultProfile = "profiles/long",
            Disabled = true,
            Acme = new AcmeProvisioner(),
            CreateTime = At(-10),
            UpdateTime = At(-10),
            Etag = "e2",
        },
    ];

    public List<Profile> Profiles { get; } =
    [
        new()
        {
            Name = "profiles/server",
            Description = "For a day",
            Lifetime = Duration.FromTimeSpan(TimeSpan.FromHours(24)),
            Backdate = Duration.FromTimeSpan(TimeSpan.FromMinutes(1)),
            ExtendedKeyUsages = { "serverAuth", "clientAuth" },
            KeyTypes = { "EC_P256", "RSA" },
            Etag = "p1",
        },
        new() { Name = "profiles/long", Lifetime = Duration.FromTimeSpan(TimeSpan.FromDays(90)), ExtendedKeyUsages = { "serverAuth" }, KeyTypes = { "EC_P256" }, Etag = "p2" },
    ];

    public List<NameRule> NameRules { get; } =
    [
        new()
        {
            Name = "nameRules/r1", Level = "provisioners/acme", Effect = NameRule.Types.Effect.Allow, Pattern = "subtree:net.gq",
            Comment = "the house", Creator = "local/uid/0", CreateTime = At(-5),
        },
        new()
        {
            Name = "nameRules/r2", Level = "authorities/main", Effect = NameRule.Types.Effect.Deny, Pattern = "exact:router.net.gq",
            Creator = "operators/alice", CreateTime = At(-4), ExpireTime = At(30),
        },
    ];

    /// <summary>What has left the store; null while nothing has.</summary>
    public DepartedCertificates? Departed { get; set; }

    public List<Certificate> Certificates { get; } =
    [
        Issued("5f3a90c1d2e4b6a7", Certificate.Types.State.Valid, "dns:nas.net.gq", "dns:files.net.gq"),
        Issued("6a00000000000001", Certificate.Types.State.Revoked, "dns:old.net.gq"),
        Issued("6a00000000000002", Certificate.Types.State.Expired, "ip:100.64.0.7"),
    ];

    public List<Account> Accounts { get; } =
    [
        new() { Name = "accounts/ac1", Provisioner = "provisioners/acme", State = Account.Types.State.Valid, EabKey = "eabKeys/guest", Contacts = { "mailto:me@net.gq" }, KeyThumbprint = "tp", CreateTime = At(-9) },
        new() { Name = "accounts/ac2", Provisioner = "provisioners/nixos", State = Account.Types.State.Deactivated, CreateTime = At(-8) },
    ];

    public List<EabKey> EabKeys { get; } =
    [
        new() { Name = "eabKeys/guest", Provisioner = "provisioners/acme", Comment = "the printer", MaxUses = 2, Uses = 1, ExpireTime = At(30), CreateTime = At(-3) },
        new() { Name = "eabKeys/old", Provisioner = "provisioners/acme", Disabled = true, MaxUses = -1, Uses = 7, CreateTime = At(-9) },
    ];

    public List<Order> Orders { get; } =
    [
        new()
        {
            Name = "orders/o1", Account = "accounts/ac1", Provisioner = "provisioners/acme", State = "invalid", Identifiers = { "dns:nas.net.gq" },
            CreateTime = At(-1), ExpireTime = At(0.5), Error = "nas.net.gq: connection refused",
            Attempts =
            {
                new ValidationAttempt
                {
                    Identifier = "dns:nas.net.gq", ChallengeType = "http-01", StartTime = At(-1), Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(250)),
                    Url = "http://nas.net.gq/.well-known/acme-challenge/x", AddressesResolved = { "100.64.0.7" }, AddressDialled = "100.64.0.7:80",
                    Error = "connection refused",
                },
            },
        },
    ];

    public List<V1.Gateway> Gateways { get; } =
    [
        new()
        {
            Name = "gateways/home", BaseUrls = { "https://ca.net.gq" }, Provisioners = { "provisioners/acme" }, CreateTime = At(-9), EnrollTime = At(-9),
            IdentityExpireTime = At(1), Etag = "g1",
        },
        new() { Name = "gateways/lab", BaseUrls = { "https://ca.lab.net.gq:8443", "https://lab" }, CreateTime = At(-1), Etag = "g2" },
    ];

    public List<Operator> Operators { get; } =
    [
        new() { Name = "operators/alice", Role = Role.Owner, CreateTime = At(-9), EnrollTime = At(-9), IdentityExpireTime = At(1) },
        new() { Name = "operators/bob", Role = Role.Auditor, CreateTime = At(-1) },
    ];

    public List<AuditEvent> AuditEvents { get; } =
    [
        new()
        {
            Name = "auditEvents/ev1", CreateTime = At(-1), Action = "certificate.issue", Actor = "accounts/ac1", Resource = "certificates/5f3a90c1d2e4b6a7",
            CanonicalJson = """{"action":"certificate.issue"}""", Sha256 = new string('d', 64),
        },
    ];

    public static Timestamp At(double days) => Timestamp.FromDateTimeOffset(Now.AddDays(days));

    private static Certificate Issued(string serial, Certificate.Types.State state, params string[] identifiers)
    {
        var certificate = new Certificate
        {
            Name = "certificates/" + serial,
            Der = ByteString.CopyFromUtf8("der"),
            PemChain = "-----BEGIN CERTIFICATE-----\nZGVy\n-----END CERTIFICATE-----\n",
            Identifiers = { identifiers },
            State = state,
            StartTime = At(-0.5),
            ExpireTime = state == Certificate.Types.State.Expired ? At(-0.1) : At(0.5),
            CreateTime = At(-0.5),
            Issuer = "authorities/main/issuers/2026a",
            Provisioner = "provisioners/acme",
            Account = "accounts/ac1",
            Order = "orders/o1",
            Profile = "profiles/server",
            Gateway = "gateways/home",
            PublicKeySha256 = new string('e', 64),
            KeyType = "EC_P256",
        };
        if (state == Certificate.Types.State.Revoked)
        {
            certificate.RevokeTime = At(-0.2);
            certificate.RevocationReason = RevocationReason.Superseded;
        }
        return certificate;
    }
}

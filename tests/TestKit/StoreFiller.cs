using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.TestKit;

/// <summary>Fills a store with what years of work leave, by the product's own stores; rows are as large as real ones.</summary>
internal sealed class StoreFiller(IStore store, CancellationToken cancellationToken)
{
    /// <summary>Whose everything is.</summary>
    public const string AccountId = "filler";

    // RFC 7517 appendix A.1.
    private const string AccountKey = """{"crv":"P-256","kty":"EC","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}""";

    // A signed request: payload, protected header with the nonce, signature; a finalize request also carries a CSR.
    private const int RequestBytes = 560, FinalizeBytes = 1100;
    private const int Group = 500;

    private readonly byte[] der = NewCertificate();
    private readonly byte[] request = Noise(RequestBytes), finalize = Noise(FinalizeBytes);

    /// <summary>The account that orders hang on.</summary>
    public Task<int> AddAccountAsync(DateTimeOffset now) => store.WriteAsync(session => session.Sql("""
        insert into accounts (id, provisioner_id, key_thumbprint, key_json, key_sha256, status, contacts, terms_agreed, created_at, version)
        values (@id, 'acme', @id, @key, @hash, 'Valid', '', 1, @now, 1) on conflict do nothing
        """).With("@id", AccountId).With("@key", AccountKey).With("@hash", new byte[32]).With("@now", now).ExecuteAsync(), cancellationToken);

    /// <summary>Orders that were never finalized, each with an authorization of its own.</summary>
    public Task AddOrdersAsync(int count, DateTimeOffset now, TimeSpan lifetime) => InGroupsAsync(count, async (session, i) =>
    {
        var name = Identifier.ParseDns($"h{i}.fill.test");
        var authorization = new Authorization
        {
            Id = Ids.New(),
            AccountId = AccountId,
            ProvisionerId = "acme",
            Identifier = name,
            Challenges = [.. new[] { "http-01", "dns-01", "tls-alpn-01" }.Select(type => new Challenge { Id = Ids.New(), Type = type, Token = Ids.New() })],
            CreatedAt = now,
            ExpiresAt = now + lifetime,
        };
        await AuthorizationStore.InsertAsync(session, authorization);
        await OrderStore.InsertAsync(session, new Order
        {
            Id = Ids.New(),
            AccountId = AccountId,
            ProvisionerId = "acme",
            GatewayId = "home",
            Identifiers = [name],
            AuthorizationIds = [authorization.Id],
            ProfileId = "server",
            CreatedAt = now,
            ExpiresAt = now + lifetime,
            Evidence = request,
        });
    });

    /// <summary>Certificates with their names, the requests they came from and the event in the audit.</summary>
    /// <param name="count">How many.</param>
    /// <param name="issuer">The resource of their issuer.</param>
    /// <param name="lives">From when to when the certificate of a number is good; it was made at the beginning.</param>
    /// <param name="revoked">When it was revoked; null when it was not.</param>
    /// <param name="audited">Whether to write the events.</param>
    public Task AddCertificatesAsync(int count, string issuer, Func<int, ValidityPeriod> lives, Func<int, DateTimeOffset?> revoked, bool audited) => InGroupsAsync(count, async (session, i) =>
    {
        var life = lives(i);
        var name = Identifier.ParseDns($"h{i % 50_000}.fill.test");
        var certificate = new CertificateRecord
        {
            Serial = SerialNumber.New(),
            Der = der,
            Issuer = issuer,
            ProvisionerId = "acme",
            AccountId = AccountId,
            OrderId = Ids.New(),
            ProfileId = "server",
            GatewayId = "home",
            Identifiers = [name],
            KeyType = "EC_P256",
            KeySha256 = RandomNumberGenerator.GetBytes(32),
            NotBefore = life.NotBefore,
            NotAfter = life.NotAfter,
            CreatedAt = life.NotBefore,
        };
        await CertificateStore.InsertAsync(session, certificate, new CertificateEvidence(request, finalize));
        if (revoked(i) is { } at) await CertificateStore.RevokeAsync(session, certificate.Serial, RevocationReason.Superseded, at);
        if (audited)
            await session.AppendAsync(new AuditEvent(life.NotBefore, "certificate.issue", $"accounts/{AccountId}", certificate.Name,
                [new("identifiers", name.ToString()), new("sha256", Convert.ToHexStringLower(certificate.KeySha256)), new("order", certificate.OrderId), new("gateway", "home")]));
    });

    /// <summary>The issuer of leaves in a store that somebody founded.</summary>
    public static async Task<string> IssuerAsync(IStore store) => await store.ReadAsync(session => session.Sql("""
        select issuers.authority_id, issuers.id from issuers join authorities on authorities.id = issuers.authority_id
        where authorities.purpose = 'Issuing' order by issuers.created_at desc limit 1
        """).FirstAsync(row => $"authorities/{row.GetString(0)}/issuers/{row.GetString(1)}"), CancellationToken.None)
        ?? throw new InvalidOperationException("nobody has founded a CA in this store");

    /// <summary>As if the issuer had signed a revocation list that was due then.</summary>
    public static Task<int> PublishListAsync(IStore store, string issuer, DateTimeOffset thisUpdate) => store.WriteAsync(session => session.Sql("""
        insert into crl_state (issuer, changes, covered, last_number, published_number, scheduled_at, refresh_at) values (@issuer, 0, 0, 1, 1, @at, @at)
        on conflict (issuer) do update set scheduled_at = excluded.scheduled_at
        """).With("@issuer", issuer).With("@at", thisUpdate).ExecuteAsync(), CancellationToken.None);

    private async Task InGroupsAsync(int count, Func<StoreSession, int, ValueTask> add)
    {
        for (var from = 0; from < count; from += Group)
        {
            var (first, behind) = (from, Math.Min(from + Group, count));
            await store.WriteAsync(async session =>
            {
                for (var i = first; i < behind; i++) await add(session, i);
                return behind;
            }, cancellationToken);
        }
    }

    private static byte[] NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var asked = new CertificateRequest("CN=h12345.fill.test", key, HashAlgorithmName.SHA256);
        asked.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, false));
        asked.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        asked.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(asked.PublicKey, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("h12345.fill.test");
        asked.CertificateExtensions.Add(names.Build());
        using var certificate = asked.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(90));
        return certificate.RawData;
    }

    // It begins as no kept request does (KeptRequest), so that it is stored and read as it is.
    private static byte[] Noise(int bytes)
    {
        var noise = RandomNumberGenerator.GetBytes(bytes);
        noise[0] = 0x30;
        return noise;
    }
}

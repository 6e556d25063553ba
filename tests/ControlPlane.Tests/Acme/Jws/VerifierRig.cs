using System.Collections.Concurrent;
using System.Text;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Nonces;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

/// <summary>The real verifier with one account, one gateway and a request to new-order that is good until a test bends it.</summary>
internal sealed class VerifierRig : IAccountDirectory
{
    public const string Origin = "https://ca.test:14000";
    public const string Url = Origin + "/acme/acme/new-order";
    public const string Kid = Origin + "/acme/acme/account/Alice-1";

    private readonly ConcurrentDictionary<string, AccountKey> accounts = new(StringComparer.Ordinal);

    public VerifierRig(ClientKey? key = null)
    {
        Key = key ?? ClientKey.Es256();
        Verifier = new(Nonces, this, new JwsLimits());
        Request = new()
        {
            Body = default,
            Route = new(AcmeResource.NewOrder, "acme"),
            Gateway = new("gw1", [Origin, "https://other.test"], []),
            AccountOrigins = new HashSet<string>(StringComparer.Ordinal) { Origin, "https://other.test", "https://retired.test" },
            Origin = Origin,
        };
        Add("Alice-1", AccountStatus.Valid, Key);
        Add("Deactivated-1", AccountStatus.Deactivated, Key);
        Add("Revoked-1", AccountStatus.Revoked, Key);
        Add("Nixos-1", AccountStatus.Valid, Key, "nixos");
        Nonce = Nonces.Mint();
    }

    public NonceMint Nonces { get; } = new(new NonceMintOptions());

    public RequestVerifier Verifier { get; }

    public ClientKey Key { get; }

    /// <summary>The request as the gateway brings it, without its body.</summary>
    public IncomingRequest Request { get; set; }

    public KeyRequirement Requirement { get; set; } = KeyRequirement.Kid;

    /// <summary>The nonce that the next request carries.</summary>
    public string Nonce { get; private set; }

    /// <summary>A good header, signed by the account.</summary>
    public string Header => $$"""{"alg":"{{Key.Algorithm}}","nonce":"{{Nonce}}","url":"{{Url}}","kid":"{{Kid}}"}""";

    /// <summary>A good header that carries the key itself.</summary>
    public string JwkHeader => JwkHeaderOf(Key.Algorithm, Key.Jwk);

    public string JwkHeaderOf(string algorithm, string jwk) =>
        $$"""{"alg":"{{algorithm}}","nonce":"{{Nonce}}","url":"{{Url}}","jwk":{{jwk}}}""";

    public string Good => Key.Message(Header, "{}");

    public void Add(string id, AccountStatus status, ClientKey key, string provisioner = "acme") =>
        accounts[id] = new(id, provisioner, status, JsonWebKey.Parse(Encoding.UTF8.GetBytes(key.Jwk), "jwk", new JwsLimits()));

    public void Renew() => Nonce = Nonces.Mint();

    public ValueTask<VerifiedRequest> VerifyAsync(string body) => VerifyAsync(Encoding.UTF8.GetBytes(body));

    public ValueTask<VerifiedRequest> VerifyAsync(byte[] body) =>
        Verifier.VerifyAsync(Request with { Body = body }, Requirement, CancellationToken.None);

    public async Task<RefusalException> RefusedAsync(string body) =>
        await Assert.ThrowsAsync<RefusalException>(async () => await VerifyAsync(body));

    /// <summary>A request of the account to key-change, verified, whose payload is the inner message.</summary>
    public async Task<VerifiedRequest> VerifiedAsync(string payload, bool byJwk = false)
    {
        Requirement = byJwk ? KeyRequirement.Jwk : KeyRequirement.Kid;
        var verified = await VerifyAsync(Key.Message(byJwk ? JwkHeader : Header, payload));
        Renew();
        return verified;
    }

    public ValueTask<AccountKey?> FindAsync(string accountId, CancellationToken ct) =>
        ValueTask.FromResult(accounts.GetValueOrDefault(accountId));
}

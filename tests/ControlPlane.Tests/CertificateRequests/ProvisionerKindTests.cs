using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>Provisioners of every kind as resources.</summary>
[Collection(RequestGroup.Name)]
public sealed class ProvisionerKindTests(RequestHouse house)
{
    private string Jwk => Tokens.Jwk(house.TokenKey).ToJsonString();

    public static TheoryData<string, string> BadSettings => new()
    {
        { "token without keys", "provisioner.token.keys" },
        { "token with a broken key", "provisioner.token.keys[0].public_key" },
        { "token with a private key", "provisioner.token.keys[0].public_key" },
        { "token with a key twice", "provisioner.token.keys[1].key_id" },
        { "token with an odd key id", "provisioner.token.keys[0].key_id" },
        { "token living too long", "provisioner.token.terms.max_lifetime" },
        { "token with much skew", "provisioner.token.terms.clock_skew" },
        { "oidc by http", "provisioner.oidc.issuer" },
        { "oidc without a client", "provisioner.oidc.terms.audiences" },
        { "oidc for nothing", "provisioner.oidc.names" },
        { "oidc with a template of two claims", "provisioner.oidc.names[0]" },
        { "oidc with half a label", "provisioner.oidc.names[0]" },
        { "oidc with an odd admin", "provisioner.oidc.admins[0]" },
        { "oidc with an odd claim", "provisioner.oidc.required_claims[0]" },
        { "oidc with an odd range", "provisioner.oidc.ranges[0]" },
        { "oidc with an odd resolver", "provisioner.oidc.resolvers[0]" },
        { "oidc with no PEM", "provisioner.oidc.roots_pem" },
        { "x5c without roots", "provisioner.x5c.roots_pem" },
        { "x5c with a leaf", "provisioner.x5c.roots_pem" },
        { "renewal of nothing", "provisioner.renewal.provisioners" },
        { "renewal of a stranger", "provisioner.renewal.provisioners[0]" },
        { "renewal of a renewal", "provisioner.renewal.provisioners[0]" },
        { "lifetimes that fall", "provisioner.lifetimes" },
        { "a lifetime of a second", "provisioner.lifetimes.min" },
        { "an odd key type", "provisioner.key_types[0]" },
    };

    [Fact]
    public async Task Kinds_AreShownAsTheyWereMade_AndUpdatedByMask()
    {
        var made = await house.AddAsync("shown", new Provisioner
        {
            Token = new() { Keys = { new TokenKey { PublicKey = house.TokenKey.ExportSubjectPublicKeyInfoPem() } }, Terms = new() { ClockSkew = Span(5) } },
            Lifetimes = new() { Max = Span(3600) },
        });
        var key = Assert.Single(made.Token.Keys);
        Assert.Equal(43, key.KeyId.Length);
        Assert.Equal(made, await house.Provisioners.GetProvisionerAsync(new() { Name = made.Name }));

        var updated = await house.Provisioners.UpdateProvisionerAsync(new()
        {
            Provisioner = new() { Name = made.Name, Etag = made.Etag, Token = new() { Terms = new() { Audiences = { "ci.example" } } } },
            UpdateMask = new() { Paths = { "token.terms.audiences", "lifetimes" } },
        });
        Assert.Equal(["ci.example"], updated.Token.Terms.Audiences);
        Assert.Equal(Span(5), updated.Token.Terms.ClockSkew);
        Assert.Equal(key, Assert.Single(updated.Token.Keys));
        Assert.Null(updated.Lifetimes);
        var stale = await Assert.ThrowsAsync<RpcException>(async () => await house.Provisioners.UpdateProvisionerAsync(new() { Provisioner = new() { Name = made.Name, Etag = made.Etag, DisplayName = "late" } }));
        Assert.Equal(StatusCode.Aborted, stale.StatusCode);
    }

    [Fact]
    public async Task Kind_NeverChanges_AlsoNotByAStateDocument()
    {
        var changed = await Assert.ThrowsAsync<RpcException>(async () => await house.Provisioners.UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/ci", Acme = new() } }));
        Assert.Contains("keeps its kind", changed.Status.Detail, StringComparison.Ordinal);
        var states = new StateService.StateServiceClient(house.Plane.Admin());
        var state = await states.ExportStateAsync(new());
        var unchanged = await states.PlanStateAsync(new() { State = state });
        Assert.Empty(unchanged.Changes);
        var ci = state.Provisioners.Single(p => p.Name == "provisioners/ci");
        ci.Acme = new();
        var applied = await Assert.ThrowsAsync<RpcException>(async () => await states.ApplyStateAsync(new() { State = state }));
        Assert.Contains("keeps its kind", applied.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherKinds_HaveNoAcme()
    {
        var eab = await Assert.ThrowsAsync<RpcException>(async () => await new AccountService.AccountServiceClient(house.Plane.Admin()).CreateEabKeyAsync(
            new() { EabKey = new() { Provisioner = "provisioners/ci" } }));
        Assert.Equal(["eab_key.provisioner"], eab.Fields());
    }

    [Theory]
    [MemberData(nameof(BadSettings))]
    public async Task BadSettings_AreRefusedByField(string what, string field)
    {
        var create = await house.OfAuthorityAsync("bad", Bad(what));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await house.Provisioners.CreateProvisionerAsync(create));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal([field], refused.Fields());
    }

    private Provisioner Bad(string what)
    {
        Provisioner Token(params TokenKey[] keys) => new() { Token = new() { Keys = { keys } } };
        TokenKey Key(string id = "k") => new() { KeyId = id, PublicKey = Jwk };
        Provisioner With(Action<Provisioner> change)
        {
            var provisioner = Token(Key());
            change(provisioner);
            return provisioner;
        }
        Provisioner Oidc(Action<OidcProvisioner> change)
        {
            var oidc = house.Oidc();
            change(oidc);
            return new() { Oidc = oidc };
        }
        return what switch
        {
            "token without keys" => Token(),
            "token with a broken key" => Token(new TokenKey { PublicKey = "{\"kty\":\"EC\"}" }),
            "token with a private key" => Token(new TokenKey { PublicKey = house.TokenKey.ExportPkcs8PrivateKeyPem() }),
            "token with a key twice" => Token(Key(), Key()),
            "token with an odd key id" => Token(Key("a b")),
            "token living too long" => With(p => p.Token.Terms = new() { MaxLifetime = Span(90_000) }),
            "token with much skew" => With(p => p.Token.Terms = new() { ClockSkew = Span(301) }),
            "oidc by http" => Oidc(o => o.Issuer = "http://idp.localhost"),
            "oidc without a client" => Oidc(o => o.Terms = new()),
            "oidc for nothing" => Oidc(o => { o.Names.Clear(); o.Admins.Clear(); }),
            "oidc with a template of two claims" => Oidc(o => o.Names[0] = "{a}.{b}.test"),
            "oidc with half a label" => Oidc(o => o.Names[0] = "host-{a}.test"),
            "oidc with an odd admin" => Oidc(o => o.Admins[0] = "groups"),
            "oidc with an odd claim" => Oidc(o => o.RequiredClaims.Add("=x")),
            "oidc with an odd range" => Oidc(o => o.Ranges[0] = "everywhere"),
            "oidc with an odd resolver" => Oidc(o => o.Resolvers.Add("dns.test")),
            "oidc with no PEM" => Oidc(o => o.RootsPem = "no PEM"),
            "x5c without roots" => new() { X5C = new() },
            "x5c with a leaf" => new() { X5C = new() { RootsPem = house.Foreign.ExportCertificatePem() } },
            "renewal of nothing" => new() { Renewal = new() },
            "renewal of a stranger" => new() { Renewal = new() { Provisioners = { "provisioners/nobody" } } },
            "renewal of a renewal" => new() { Renewal = new() { Provisioners = { "provisioners/renew" } } },
            "lifetimes that fall" => With(p => p.Lifetimes = new() { Min = Span(7200), Max = Span(3600) }),
            "a lifetime of a second" => With(p => p.Lifetimes = new() { Min = Span(1) }),
            "an odd key type" => With(p => p.KeyTypes.Add("EC_P999")),
            _ => throw new ArgumentException(what, nameof(what)),
        };
    }

    private static Google.Protobuf.WellKnownTypes.Duration Span(double seconds) => Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds));
}

using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Operators;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>Renewal and rekeying by possession, under the policy of now.</summary>
[Collection(RequestGroup.Name)]
public sealed class RenewalTests(RequestHouse house)
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Theory]
    [InlineData(2048)]
    [InlineData(256)]
    [InlineData(384)]
    public async Task Renewal_KeepsNamesKeyAndProfile_AndTellsWhatItRenews(int size)
    {
        using AsymmetricAlgorithm key = size == 2048 ? RSA.Create(size) : ECDsa.Create(size == 256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384);
        var old = await MakeAsync(key, "keep.test", "127.0.0.1");
        var request = Renewal(key, old);

        var preview = await house.Anyone.RenewCertificateAsync(new RenewCertificateRequest(request) { ValidateOnly = true });
        var made = await house.Anyone.RenewCertificateAsync(request);
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(request), StatusCode.Unauthenticated, "was used before");
        // The renewed one is renewed in its turn, and still comes from where the first one came from.
        var third = await house.Anyone.RenewCertificateAsync(Renewal(key, made));

        Assert.Equal("", preview.Name);
        Assert.NotEqual(old.Name, made.Name);
        Assert.Equal(old.Identifiers, made.Identifiers);
        Assert.Equal(old.PublicKeySha256, made.PublicKeySha256);
        Assert.Equal((old.Name, "provisioners/renew", "provisioners/ci", old.Profile), (made.Renews, made.RenewedThrough, made.Provisioner, made.Profile));
        Assert.Equal((made.Name, "provisioners/ci", old.Requester), (third.Renews, third.Provisioner, third.Requester));
    }

    [Fact]
    public async Task Rekey_TakesANewKeyForTheSameNames_AndNoOther()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var next = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var old = await MakeAsync(key, "rekey.test");
        RekeyCertificateRequest Request(byte[] csr, byte[]? covered, ECDsa? signer = null) => new()
        {
            Name = old.Name, Csr = ByteString.CopyFrom(csr), Proof = Tokens.Proof(signer ?? key, old.Name, "RekeyCertificate", Now, covered),
        };
        var csr = Tokens.Csr(next, "rekey.test");

        await RequestHouse.RefusedAsync(house.Anyone.RekeyCertificateAsync(Request(csr, null)), StatusCode.Unauthenticated, "does not cover this CSR");
        await RequestHouse.RefusedAsync(house.Anyone.RekeyCertificateAsync(Request(csr, Tokens.Csr(next, "other.test"))), StatusCode.Unauthenticated, "does not cover this CSR");
        await RequestHouse.RefusedAsync(house.Anyone.RekeyCertificateAsync(Request(csr, csr, next)), StatusCode.Unauthenticated, "has no good signature");
        var other = Tokens.Csr(next, "rekey.test", "more.test");
        await RequestHouse.RefusedAsync(house.Anyone.RekeyCertificateAsync(Request(other, other)), StatusCode.InvalidArgument, "dns:more.test");
        var same = Tokens.Csr(key, "rekey.test");
        await RequestHouse.RefusedAsync(house.Anyone.RekeyCertificateAsync(Request(same, same)), StatusCode.InvalidArgument, "a new key needs to be new");
        var made = await house.Anyone.RekeyCertificateAsync(Request(csr, csr));

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(next.ExportSubjectPublicKeyInfo())), made.PublicKeySha256);
        Assert.Equal(old.Name, made.Renews);
    }

    [Fact]
    public async Task Proof_OfAnythingElse_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (a, b) = (await MakeAsync(key, "proof-a.test"), await MakeAsync(key, "proof-b.test"));
        RenewCertificateRequest With(string proof) => new() { Name = a.Name, Proof = proof };
        string Proof(Action<JsonObject>? change = null, ECDsa? signer = null, string method = "RenewCertificate") => Tokens.Proof(signer ?? key, a.Name, method, Now, change: change);

        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(Tokens.Proof(key, b.Name, "RenewCertificate", Now))), StatusCode.Unauthenticated, "is about another certificate");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(Proof(signer: stranger))), StatusCode.Unauthenticated, "has no good signature");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(Proof(method: "RekeyCertificate"))), StatusCode.Unauthenticated, "is for another act");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(Proof(method: "RevokeCertificate"))), StatusCode.Unauthenticated, "is for another act");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(Proof(c => c["aud"] = "elsewhere"))), StatusCode.Unauthenticated, "not for grpcca:renewal");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(Proof(c => c["csr_sha256"] = "x"))), StatusCode.Unauthenticated, "covers a CSR");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(Proof(c => c.Remove("jti")))), StatusCode.Unauthenticated, "needs a jti");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(Proof(c => c["exp"] = Now.AddHours(1).ToUnixTimeSeconds()))), StatusCode.Unauthenticated, "longer than");
        var token = Tokens.Sign(key, new JsonObject { ["typ"] = "JWT" }, new JsonObject { ["sub"] = a.Name });
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(With(token)), StatusCode.Unauthenticated, "grpcca-proof+jwt is wanted");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(new() { Name = "certificates/00ff00ff00ff00ff", Proof = Proof() }), StatusCode.NotFound, "was issued here");
    }

    [Fact]
    public async Task Renewal_AfterARevocation_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var old = await MakeAsync(key, "revoked.test");
        await house.Admin.RevokeCertificateAsync(new() { Name = old.Name, Reason = RevocationReason.KeyCompromise });

        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, old)), StatusCode.FailedPrecondition, "was revoked");
    }

    [Fact]
    public async Task Renewal_IsDecidedByTheRulesOfNow_OfBothProvisioners()
    {
        var (admin, names) = (house.Plane.Admin(), new NameService.NameServiceClient(house.Plane.Admin()));
        await house.AddAsync("narrow", new Provisioner { Token = new() { Keys = { new TokenKey { KeyId = "build", PublicKey = Tokens.Jwk(house.TokenKey).ToJsonString() } } } }, allow: null);
        var rule = await house.AllowAsync("provisioners/narrow", "exact:now.test");
        await house.AddAsync("again", new Provisioner { Renewal = new() { Provisioners = { "provisioners/narrow" } } }, allow: null);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var old = await house.Admin.CreateCertificateAsync(RequestHouse.Request(key, "narrow", "now.test"));

        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, old)), StatusCode.FailedPrecondition, "provisioners/again");
        await house.AllowAsync("provisioners/again", "subtree:test");
        var renewed = await house.Anyone.RenewCertificateAsync(Renewal(key, old));
        await names.DeleteNameRuleAsync(new() { Name = rule.Name });
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, renewed)), StatusCode.FailedPrecondition, "provisioners/narrow");
        await house.AllowAsync("provisioners/narrow", "exact:now.test");
        Assert.NotEmpty((await house.Anyone.RenewCertificateAsync(Renewal(key, renewed))).Name);
        await house.Provisioners.UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/narrow", Disabled = true }, UpdateMask = new() { Paths = { "disabled" } } });
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, renewed)), StatusCode.PermissionDenied, "provisioners/narrow is disabled");
    }

    [Fact]
    public async Task Renewal_OfWhatAnOperatorAskedFor_EndsWithTheOperator()
    {
        using var identity = await house.Plane.OperatorAsync("leaving", Role.Issuer);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var old = await new CertificateService.CertificateServiceClient(house.Plane.Remote(identity)).CreateCertificateAsync(RequestHouse.Request(key, "ci", "left.test"));
        var renewed = await house.Anyone.RenewCertificateAsync(Renewal(key, old));
        var level = await house.AllowAsync("operators/leaving", "exact:other.test");
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, renewed)), StatusCode.FailedPrecondition, "operators/leaving");
        await new NameService.NameServiceClient(house.Plane.Admin()).UnsetNameLevelAsync(new() { Level = level.Level });
        Assert.NotEmpty((await house.Anyone.RenewCertificateAsync(Renewal(key, renewed))).Name);
        await new OperatorService.OperatorServiceClient(house.Plane.Admin()).DisableOperatorAsync(new() { Name = "operators/leaving" });

        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, renewed)), StatusCode.PermissionDenied, "may issue no more");
    }

    [Fact]
    public async Task Renewal_OfWhatABoundOperatorAskedFor_EndsWhenItIsBoundElsewhere()
    {
        using var identity = await house.Plane.OperatorAsync("changing", Role.Issuer, "provisioners/ci");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuer = new CertificateService.CertificateServiceClient(house.Plane.Remote(identity));
        await RequestHouse.RefusedAsync(issuer.CreateCertificateAsync(RequestHouse.Request(key, "fleet", "bound.test")), StatusCode.PermissionDenied, "provisioners/fleet");
        var old = await issuer.CreateCertificateAsync(RequestHouse.Request(key, "ci", "bound.test"));
        var renewed = await house.Anyone.RenewCertificateAsync(Renewal(key, old));
        await new OperatorService.OperatorServiceClient(house.Plane.Admin()).UpdateOperatorAsync(
            new() { Operator = new() { Name = "operators/changing", Provisioners = { "provisioners/fleet" } } });

        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, renewed)), StatusCode.PermissionDenied, "may issue no more");
    }

    [Fact]
    public async Task BlockedKey_EndsTheWholeLineThatCameFromIt()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var thiefs = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var stolen = await MakeAsync(key, "line.test");
        var csr = Tokens.Csr(thiefs, "line.test");
        var rekeyed = await house.Anyone.RekeyCertificateAsync(new() { Name = stolen.Name, Csr = ByteString.CopyFrom(csr), Proof = Tokens.Proof(key, stolen.Name, "RekeyCertificate", Now, csr) });
        var again = await house.Anyone.RenewCertificateAsync(Renewal(thiefs, rekeyed));

        await house.Admin.RevokeCertificateAsync(new() { Name = stolen.Name, Reason = RevocationReason.KeyCompromise });

        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(thiefs, again)), StatusCode.FailedPrecondition, "or of one that it renews");
    }

    [Fact]
    public async Task Renewal_StaysWithinTheFirstProvisionersBounds_AndIsStillItsOwn()
    {
        await house.AddAsync("tight", new Provisioner
        {
            Token = new() { Keys = { new TokenKey { KeyId = "build", PublicKey = Tokens.Jwk(house.TokenKey).ToJsonString() } } },
            Lifetimes = new() { Max = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromHours(2)) },
        });
        await house.AddAsync("loose", new Provisioner { Renewal = new() { Provisioners = { "provisioners/tight" } } });
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var old = await house.Admin.CreateCertificateAsync(RequestHouse.Request(key, "tight", "tight.test"));

        var made = await house.Anyone.RenewCertificateAsync(Renewal(key, old));

        Assert.InRange((made.ExpireTime.ToDateTimeOffset() - made.CreateTime.ToDateTimeOffset()).TotalMinutes, 119, 121);
        var listed = await house.Admin.ListCertificatesAsync(new() { Filter = "provisioner = \"provisioners/tight\"" });
        Assert.Contains(made.Name, listed.Certificates.Select(c => c.Name));
        var kept = await Assert.ThrowsAsync<RpcException>(async () => await house.Provisioners.DeleteProvisionerAsync(new() { Name = "provisioners/tight" }));
        Assert.Contains("2 certificates", kept.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BlockedKey_GetsNoNewKeyForAnotherOfItsCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var thiefs = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (a, b) = (await MakeAsync(key, "stolen-a.test"), await MakeAsync(key, "stolen-b.test"));
        await house.Admin.RevokeCertificateAsync(new() { Name = a.Name, Reason = RevocationReason.KeyCompromise });
        var csr = Tokens.Csr(thiefs, "stolen-b.test");
        var request = new RekeyCertificateRequest { Name = b.Name, Csr = ByteString.CopyFrom(csr), Proof = Tokens.Proof(key, b.Name, "RekeyCertificate", Now, csr) };

        await RequestHouse.RefusedAsync(house.Anyone.RekeyCertificateAsync(new(request) { ValidateOnly = true }), StatusCode.FailedPrecondition, "reported as compromised");
        await RequestHouse.RefusedAsync(house.Anyone.RekeyCertificateAsync(request), StatusCode.FailedPrecondition, "reported as compromised");
    }

    [Fact]
    public async Task Renewal_OfAProvisionerThatWasMadeAgain_IsRefused()
    {
        Provisioner Made() => new() { Token = new() { Keys = { new TokenKey { KeyId = "build", PublicKey = Tokens.Jwk(house.TokenKey).ToJsonString() } } } };
        await house.AddAsync("phoenix", Made());
        await house.AddAsync("ashes", new Provisioner { Renewal = new() { Provisioners = { "provisioners/phoenix" } } });
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var old = await house.Admin.CreateCertificateAsync(RequestHouse.Request(key, "phoenix", "old.test"));
        var renewed = await house.Anyone.RenewCertificateAsync(Renewal(key, old));
        await house.Provisioners.DeleteProvisionerAsync(new() { Name = "provisioners/phoenix", Force = true });
        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, renewed)), StatusCode.NotFound, "phoenix");
        await house.AddAsync("phoenix", Made());

        await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(Renewal(key, renewed)), StatusCode.PermissionDenied, "was made later");
        var fresh = await house.Admin.CreateCertificateAsync(RequestHouse.Request(key, "phoenix", "old.test"));
        Assert.NotEmpty((await house.Anyone.RenewCertificateAsync(Renewal(key, fresh))).Name);
    }

    private Task<Certificate> MakeAsync(AsymmetricAlgorithm key, params string[] names)
    {
        var request = RequestHouse.Request(key, "ci", names);
        request.Token = house.Token(null, names);
        return MakeAsync(request);
    }

    private async Task<Certificate> MakeAsync(CreateCertificateRequest request)
    {
        await AllowAddressAsync();
        return await house.Anyone.CreateCertificateAsync(request);
    }

    private async Task AllowAddressAsync()
    {
        foreach (var level in new[] { "provisioners/ci", "provisioners/renew" })
        {
            try
            {
                await house.AllowAsync(level, "ip:127.0.0.1/32");
            }
            catch (RpcException there) when (there.StatusCode == StatusCode.AlreadyExists)
            {
                // By another test.
            }
        }
    }

    private static RenewCertificateRequest Renewal(AsymmetricAlgorithm key, Certificate old) =>
        new() { Name = old.Name, Proof = Tokens.Proof(key, old.Name, "RenewCertificate", Now) };
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>A control plane with a provisioner of each kind, and everything that a caller could show to them.</summary>
public sealed class RequestHouse : IAsyncLifetime
{
    internal const string Profile = "profiles/default";

    private readonly TestAuthority foreign = new("foreign", TimeProvider.System, withIntermediate: true);

    internal RunningControlPlane Plane { get; } = new();

    internal OpenIdProvider Idp { get; private set; } = null!;

    /// <summary>Signs tokens for <c>ci</c>.</summary>
    internal ECDsa TokenKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A certificate below the foreign root, for <c>x.test</c> and <c>y.test</c>.</summary>
    internal X509Certificate2 Foreign { get; private set; } = null!;

    internal CertificateService.CertificateServiceClient Anyone { get; private set; } = null!;

    internal CertificateService.CertificateServiceClient Admin { get; private set; } = null!;

    internal ProvisionerService.ProvisionerServiceClient Provisioners { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Plane.InitializeAsync();
        Idp = await OpenIdProvider.StartAsync();
        Foreign = foreign.IssueWithKey(TimeSpan.FromDays(1), names: ["x.test", "y.test"], forServers: false);
        Anyone = new(Plane.Remote());
        Admin = new(Plane.Admin());
        Provisioners = new(Plane.Admin());
        await AddAsync("ci", new Provisioner { Token = new TokenProvisioner { Keys = { new TokenKey { KeyId = "build", PublicKey = Tokens.Jwk(TokenKey).ToJsonString() } } } });
        await AddAsync("people", new Provisioner { Oidc = Oidc() });
        await AddAsync("fleet", new Provisioner { X5C = new X5cProvisioner { RootsPem = foreign.Root.ExportCertificatePem() } });
        await AddAsync("renew", new Provisioner { Renewal = new RenewalProvisioner { Provisioners = { "provisioners/acme", "provisioners/ci", "provisioners/people", "provisioners/fleet" } } });
        await AllowAsync("provisioners/acme", "subtree:test");
    }

    public async ValueTask DisposeAsync()
    {
        await Plane.DisposeAsync();
        await Idp.DisposeAsync();
        TokenKey.Dispose();
        Foreign.Dispose();
    }

    internal OidcProvisioner Oidc() => new()
    {
        Issuer = Idp.Issuer,
        Terms = new TokenTerms { Audiences = { "grpcca" } },
        Names = { "{preferred_username}.people.test", "{email}" },
        Admins = { "groups=tls-admins" },
        RootsPem = Idp.RootsPem,
        Ranges = { "127.0.0.0/8", "::1/128" },
    };

    /// <summary>Adds a provisioner of the issuing authority that allows <c>subtree:test</c>.</summary>
    internal async Task<Provisioner> AddAsync(string id, Provisioner provisioner, string? allow = "subtree:test")
    {
        var made = await Provisioners.CreateProvisionerAsync(await OfAuthorityAsync(id, provisioner));
        if (allow is not null) await AllowAsync(made.Name, allow);
        return made;
    }

    internal async Task<CreateProvisionerRequest> OfAuthorityAsync(string id, Provisioner provisioner)
    {
        provisioner.Authority = (await Provisioners.GetProvisionerAsync(new() { Name = "provisioners/acme" })).Authority;
        provisioner.DefaultProfile = Profile;
        return new CreateProvisionerRequest { ProvisionerId = id, Provisioner = provisioner };
    }

    internal async Task<NameRule> AllowAsync(string level, string pattern) => await new NameService.NameServiceClient(Plane.Admin()).CreateNameRuleAsync(
        new() { NameRule = new NameRule { Level = level, Effect = NameRule.Types.Effect.Allow, Pattern = pattern } });

    /// <summary>A request for a certificate of a key of its own.</summary>
    internal static CreateCertificateRequest Request(string provisioner, params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request(key, provisioner, names);
    }

    internal static CreateCertificateRequest Request(AsymmetricAlgorithm key, string provisioner, params string[] names) =>
        new() { Provisioner = "provisioners/" + provisioner, Csr = ByteString.CopyFrom(Tokens.Csr(key, names)) };

    /// <summary>A token for <c>ci</c>.</summary>
    internal string Token(Action<JsonObject>? change, params string[] names)
    {
        var claims = Tokens.Claims("ci", TimeProvider.System.GetUtcNow(), names);
        change?.Invoke(claims);
        return Tokens.Sign(TokenKey, new JsonObject { ["kid"] = "build", ["typ"] = "JWT" }, claims);
    }

    /// <summary>A token for <c>fleet</c>, signed by a certificate's key.</summary>
    internal static string X5c(X509Certificate2 signer, IEnumerable<X509Certificate2> above, Action<JsonObject>? change, params string[] names)
    {
        using var key = signer.GetECDsaPrivateKey()!;
        var chain = new JsonArray([.. above.Prepend(signer).Select(c => (JsonNode)Convert.ToBase64String(c.RawData))]);
        var claims = Tokens.Claims("fleet", TimeProvider.System.GetUtcNow(), names);
        change?.Invoke(claims);
        return Tokens.Sign(key, new JsonObject { ["x5c"] = chain }, claims);
    }

    internal string X5c(Action<JsonObject>? change, params string[] names) => X5c(Foreign, [foreign.Intermediate!], change, names);

    /// <summary>The foreign authority's certificate for something.</summary>
    internal X509Certificate2 ForeignFor(bool forServers, params string[] names) => foreign.IssueWithKey(TimeSpan.FromDays(1), names: names, forServers: forServers);

    /// <summary>The foreign authority's certificate for another authority's key and name.</summary>
    internal X509Certificate2 ForeignCross(X509Certificate2 other)
    {
        var request = new CertificateRequest(other.SubjectName, other.PublicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        foreach (var extension in other.Extensions.OfType<X509SubjectKeyIdentifierExtension>()) request.CertificateExtensions.Add(extension);
        return request.Create(foreign.Root, foreign.Root.NotBefore, foreign.Root.NotAfter.AddDays(-1), RandomNumberGenerator.GetBytes(16));
    }

    internal X509Certificate2 ForeignIssuer => foreign.Intermediate!;

    internal static async Task<RpcException> RefusedAsync(AsyncUnaryCall<Certificate> call, StatusCode code, string part)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await call);
        Assert.True(refused.StatusCode == code, $"{refused.StatusCode}: {refused.Status.Detail}");
        Assert.Contains(part, refused.Status.Detail, StringComparison.Ordinal);
        return refused;
    }
}

/// <summary>The tests that share one house.</summary>
[CollectionDefinition(Name)]
public sealed class RequestGroup : ICollectionFixture<RequestHouse>
{
    public const string Name = "certificate requests";
}

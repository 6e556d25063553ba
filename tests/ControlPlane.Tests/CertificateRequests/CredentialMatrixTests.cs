using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Operators;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>Every credential at every kind of provisioner: only what the room's README declares is let through.</summary>
[Collection(RequestGroup.Name)]
public sealed class CredentialMatrixTests(RequestHouse house)
{
    private static readonly string[] Kinds = ["acme", "ci", "people", "fleet", "renew"];

    // By hand, as the README has it.
    private static readonly Dictionary<string, string[]> Declared = new()
    {
        ["nothing"] = [],
        ["gateway"] = [],
        ["auditor"] = [],
        ["issuer"] = ["acme", "ci", "people", "fleet"],
        ["operator"] = ["acme", "ci", "people", "fleet"],
        ["owner"] = ["acme", "ci", "people", "fleet"],
        ["admin socket"] = ["acme", "ci", "people", "fleet"],
        ["bound issuer"] = ["ci"],
        ["token"] = ["ci"],
        ["oidc_token"] = ["people"],
        ["x5c_token"] = ["fleet"],
        ["proof as token"] = [],
        ["proof as x5c_token"] = [],
        ["x5c as token"] = [],
        ["token as oidc_token"] = [],
        ["oidc as token"] = [],
    };

    [Fact]
    public async Task CreateCertificate_LetsThroughTheDeclaredCellsAndNoOther()
    {
        var callers = await CallersAsync();
        var wrong = new List<string>();
        var passed = 0;
        foreach (var (shown, where) in Declared)
            foreach (var kind in Kinds)
            {
                var request = RequestHouse.Request(kind, "x.test");
                Show(request, shown, kind);
                var client = callers.GetValueOrDefault(shown, house.Anyone);
                try
                {
                    var made = await client.CreateCertificateAsync(request);
                    Assert.Equal(["dns:x.test"], made.Identifiers);
                    Assert.Equal("provisioners/" + kind, made.Provisioner);
                    passed++;
                    if (!where.Contains(kind)) wrong.Add($"{shown} at {kind} got {made.Name}");
                }
                catch (RpcException refused)
                {
                    if (where.Contains(kind)) wrong.Add($"{shown} at {kind}: {refused.Status}");
                    else if (refused.StatusCode is not (StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.FailedPrecondition)) wrong.Add($"{shown} at {kind} was refused as {refused.Status}");
                }
            }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(Declared.Values.Sum(w => w.Length), passed);
    }

    [Fact]
    public async Task RenewCertificate_AtEveryOtherKind_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var old = await house.Admin.CreateCertificateAsync(RequestHouse.Request(key, "ci", "x.test"));
        foreach (var kind in Kinds)
        {
            var request = new RenewCertificateRequest { Name = old.Name, Provisioner = "provisioners/" + kind, Proof = Tokens.Proof(key, old.Name, "RenewCertificate", TimeProvider.System.GetUtcNow()) };
            if (kind == "renew") Assert.Equal("provisioners/renew", (await house.Anyone.RenewCertificateAsync(request)).RenewedThrough);
            else await RequestHouse.RefusedAsync(house.Anyone.RenewCertificateAsync(request), StatusCode.PermissionDenied, "renews no certificates");
        }
    }

    private void Show(CreateCertificateRequest request, string shown, string kind)
    {
        // Made out to the very provisioner, so that nothing but its kind is wrong.
        void To(JsonObject claims) => (claims["iss"], claims["aud"]) = (kind, "grpcca:provisioners/" + kind);
        switch (shown)
        {
            case "token":
                request.Token = house.Token(To, "x.test");
                break;
            case "oidc_token":
                request.OidcToken = house.Idp.Token(new() { ["groups"] = new JsonArray("tls-admins") });
                break;
            case "x5c_token":
                request.X5CToken = house.X5c(To, "x.test");
                break;
            case "proof as token":
                request.Token = Tokens.Proof(house.TokenKey, "certificates/00", "RenewCertificate", TimeProvider.System.GetUtcNow(), change: To);
                break;
            case "proof as x5c_token":
                request.X5CToken = Tokens.Proof(house.TokenKey, "certificates/00", "RenewCertificate", TimeProvider.System.GetUtcNow(), change: To);
                break;
            case "x5c as token":
                request.Token = house.X5c(To, "x.test");
                break;
            case "token as oidc_token":
                request.OidcToken = house.Token(To, "x.test");
                break;
            case "oidc as token":
                request.Token = house.Idp.Token(new() { ["groups"] = new JsonArray("tls-admins") });
                break;
        }
    }

    private async Task<Dictionary<string, CertificateService.CertificateServiceClient>> CallersAsync()
    {
        var plane = house.Plane;
        CertificateService.CertificateServiceClient As(System.Security.Cryptography.X509Certificates.X509Certificate2 identity) => new(plane.Remote(identity));
        return new()
        {
            ["gateway"] = As(await GatewayAsync()),
            ["auditor"] = As(await plane.OperatorAsync("m-auditor", Role.Auditor)),
            ["issuer"] = As(await plane.OperatorAsync("m-issuer", Role.Issuer)),
            ["operator"] = As(await plane.OperatorAsync("m-operator", Role.Operator)),
            ["owner"] = As(await plane.OperatorAsync("m-owner", Role.Owner)),
            ["bound issuer"] = As(await plane.OperatorAsync("m-bound", Role.Issuer, "provisioners/ci")),
            ["admin socket"] = house.Admin,
        };
    }

    private async Task<System.Security.Cryptography.X509Certificates.X509Certificate2> GatewayAsync()
    {
        var created = await new GatewayService.GatewayServiceClient(house.Plane.Admin()).CreateGatewayAsync(
            new() { GatewayId = "m-gateway", Gateway = new V1.Gateway { BaseUrls = { "https://matrix.ca.test" } } });
        Assert.True(Host.JoinToken.TryParse(created.JoinToken, out var token, out var fault), fault);
        using var key = new Host.Identity.FreshKey();
        var enrolled = await new GatewayService.GatewayServiceClient(house.Plane.Remote())
            .EnrollGatewayAsync(new() { Secret = token.Secret, CsrDer = Google.Protobuf.ByteString.CopyFrom(key.SigningRequest()) });
        return key.Join(enrolled.CertificateDer.ToByteArray());
    }
}

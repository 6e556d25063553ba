using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Operators;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.Host;
using GrpcCa.Host.Identity;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Gateways;

/// <summary>Gateways over the wire: join once, call, renew, and be refused at the next call.</summary>
[Collection(ControlPlaneGroup.Name)]
public sealed class GatewayServiceTests(RunningControlPlane plane)
{
    private GatewayService.GatewayServiceClient Admin => new(plane.Admin());

    [Fact]
    public async Task JoinToken_BroughtByFiftyAtOnce_WorksForOne()
    {
        var token = await CreateAsync("race");
        var anyone = new GatewayService.GatewayServiceClient(plane.Remote());

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using var key = new FreshKey();
            try
            {
                await anyone.EnrollGatewayAsync(new EnrollGatewayRequest { Secret = token.Secret, CsrDer = ByteString.CopyFrom(key.SigningRequest()) });
                return StatusCode.OK;
            }
            catch (RpcException fault)
            {
                return fault.StatusCode;
            }
        }));

        Assert.Equal(1, outcomes.Count(o => o == StatusCode.OK));
        Assert.Equal(49, outcomes.Count(o => o == StatusCode.Unauthenticated));
        var audit = await new AuditService.AuditServiceClient(plane.Admin()).ListAuditEventsAsync(new ListAuditEventsRequest { PageSize = 1000 });
        Assert.Single(audit.AuditEvents, e => e is { Action: "identity.issue", Resource: "grpcca://gateway/race" });
    }

    [Fact]
    public async Task Gateway_EnrolledAndDisabled_IsRefusedAtItsNextCall()
    {
        using var identity = await EnrollAsync("edge", await CreateAsync("edge"));
        var gateway = new GatewayService.GatewayServiceClient(plane.Remote(identity));
        var config = await gateway.GetGatewayConfigAsync(new GetGatewayConfigRequest());
        Assert.Equal("gateways/edge", config.Gateway);
        Assert.Equal(["acme", "nixos"], config.Directories.Select(d => d.ProvisionerId));
        Assert.Single(config.Roots);

        await Admin.DisableGatewayAsync(new DisableGatewayRequest { Name = "gateways/edge" });

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await gateway.GetGatewayConfigAsync(new GetGatewayConfigRequest()));
        Assert.Equal((StatusCode.PermissionDenied, "CALLER_DISABLED"), (refused.StatusCode, refused.Reason()));

        await Admin.UpdateGatewayAsync(new UpdateGatewayRequest { Gateway = new V1.Gateway { Name = "gateways/edge" }, UpdateMask = new FieldMask { Paths = { "disabled" } } });
        Assert.Equal(config.Etag, (await gateway.GetGatewayConfigAsync(new GetGatewayConfigRequest())).Etag);
    }

    [Fact]
    public async Task GatewayDisabledByAnotherProcess_IsRefusedAtItsNextCall()
    {
        using var identity = await EnrollAsync("shared", await CreateAsync("shared"));
        var gateway = new GatewayService.GatewayServiceClient(plane.Remote(identity));
        await gateway.GetGatewayConfigAsync(new GetGatewayConfigRequest());

        // A second process on the same store, with books of its own.
        await using var other = await plane.OpenStoreAsync();
        var gateways = new GatewayBook(other);
        var operators = new OperatorBook(other);
        var resolver = new CallerResolver(gateways, operators, TimeProvider.System);
        Assert.Equal("gateways/shared", (await resolver.ResolveAsync(identity, null, TestContext.Current.CancellationToken)).Actor);
        await Admin.DisableGatewayAsync(new DisableGatewayRequest { Name = "gateways/shared" });

        var caller = await resolver.ResolveAsync(identity, null, TestContext.Current.CancellationToken);
        Assert.Equal((CallerKind.Anonymous, IdentityFaultKind.Disabled), (caller.Kind, caller.Fault!.Kind));
    }

    [Fact]
    public async Task Identity_Renewed_BothWork_AndANewEnrolmentVoidsThem()
    {
        using var first = await EnrollAsync("renewing", await CreateAsync("renewing"));
        using var key = new FreshKey();
        var renewed = await new GatewayService.GatewayServiceClient(plane.Remote(first))
            .RenewIdentityAsync(new RenewIdentityRequest { CsrDer = ByteString.CopyFrom(key.SigningRequest()) });
        using var second = key.Join(renewed.CertificateDer.ToByteArray());

        // The answer to a renewal can be lost: the old identity is not cut off by it.
        Assert.Equal("gateways/renewing", await ConfigOfAsync(first));
        Assert.Equal("gateways/renewing", await ConfigOfAsync(second));

        var token = await Admin.CreateJoinTokenAsync(new CreateJoinTokenRequest { Gateway = "gateways/renewing" });
        using var third = await EnrollAsync("renewing", Parse(token.JoinToken));
        Assert.Equal("gateways/renewing", await ConfigOfAsync(third));
        foreach (var voided in new[] { first, second })
        {
            var fault = await Assert.ThrowsAsync<RpcException>(() => ConfigOfAsync(voided));
            Assert.Equal((StatusCode.Unauthenticated, "IDENTITY_UNACCEPTABLE"), (fault.StatusCode, fault.Reason()));
        }
    }

    [Fact]
    public async Task NewToken_VoidsTheOneBefore_AndDisablingVoidsIt()
    {
        var first = await CreateAsync("tokens");
        var second = Parse((await Admin.CreateJoinTokenAsync(new CreateJoinTokenRequest { Gateway = "gateways/tokens" })).JoinToken);

        Assert.Equal(StatusCode.Unauthenticated, await EnrollFaultAsync(first.Secret));
        await Admin.DisableGatewayAsync(new DisableGatewayRequest { Name = "gateways/tokens" });
        Assert.Equal(StatusCode.Unauthenticated, await EnrollFaultAsync(second.Secret));
        Assert.Equal(StatusCode.Unauthenticated, await EnrollFaultAsync("guessed"));
    }

    [Fact]
    public async Task BrokenRequest_DoesNotSpendTheToken()
    {
        var token = await CreateAsync("clumsy");
        var anyone = new GatewayService.GatewayServiceClient(plane.Remote());

        var fault = await Assert.ThrowsAsync<RpcException>(async () =>
            await anyone.EnrollGatewayAsync(new EnrollGatewayRequest { Secret = token.Secret, CsrDer = ByteString.CopyFromUtf8("not a request") }));
        Assert.Equal((StatusCode.InvalidArgument, "csr_der"), (fault.StatusCode, Assert.Single(fault.Fields())));

        using var identity = await EnrollAsync("clumsy", token);
        Assert.Equal("gateways/clumsy", await ConfigOfAsync(identity));
    }

    [Fact]
    public async Task TlsCertificate_HasTheNamesOfTheResource()
    {
        using var identity = await EnrollAsync("front", await CreateAsync("front", "https://front.test", "https://127.0.0.1:14000"));
        using var key = new FreshKey();

        var issued = await new GatewayService.GatewayServiceClient(plane.Remote(identity))
            .IssueTlsCertificateAsync(new IssueTlsCertificateRequest { CsrDer = ByteString.CopyFrom(key.SigningRequest()) });

        using var leaf = X509CertificateLoader.LoadCertificate(issued.ChainDers[0].Span);
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["front.test"], names.EnumerateDnsNames());
        Assert.Equal(["127.0.0.1"], names.EnumerateIPAddresses().Select(a => a.ToString()));
        Assert.Equal(2, issued.ChainDers.Count);
    }

    [Fact]
    public async Task Token_CarriesEndpointAndFingerprintOfTheIdentityRoot()
    {
        var token = await CreateAsync("pinned");
        var roots = await new TrustService.TrustServiceClient(plane.Remote()).ListIdentityRootsAsync(new ListIdentityRootsRequest());

        Assert.Equal(plane.Address, token.Endpoint);
        Assert.Contains(roots.RootDers, r => System.Security.Cryptography.SHA256.HashData(r.Span).AsSpan().SequenceEqual(token.RootSha256.Span));
    }

    [Fact]
    public async Task Create_WithAWrongField_NamesIt()
    {
        async Task<string> FieldAsync(string id, V1.Gateway gateway) => Assert.Single((await Assert.ThrowsAsync<RpcException>(async () =>
            await Admin.CreateGatewayAsync(new CreateGatewayRequest { GatewayId = id, Gateway = gateway }))).Fields());

        Assert.Equal("gateway_id", await FieldAsync("Edge", new V1.Gateway { BaseUrls = { "https://a.test" } }));
        Assert.Equal("gateway.base_urls[1]", await FieldAsync("bad", new V1.Gateway { BaseUrls = { "https://a.test", "http://b.test" } }));
        Assert.Equal("gateway.tls_names[0]", await FieldAsync("bad", new V1.Gateway { BaseUrls = { "https://a.test" }, TlsNames = { "a b" } }));
        Assert.Equal("gateway.provisioners[0]", await FieldAsync("bad", new V1.Gateway { BaseUrls = { "https://a.test" }, Provisioners = { "provisioners/none" } }));
        Assert.Equal("gateway.provisioners[0]", await FieldAsync("bad", new V1.Gateway { BaseUrls = { "https://a.test" }, Provisioners = { "acme" } }));
    }

    [Fact]
    public async Task Update_WithAnOldEtag_IsAborted()
    {
        await CreateAsync("tagged");
        var read = await Admin.GetGatewayAsync(new GetGatewayRequest { Name = "gateways/tagged" });
        var changed = await Admin.UpdateGatewayAsync(new UpdateGatewayRequest { Gateway = new V1.Gateway { Name = read.Name, BaseUrls = { "https://new.test" }, Etag = read.Etag } });

        var fault = await Assert.ThrowsAsync<RpcException>(async () =>
            await Admin.UpdateGatewayAsync(new UpdateGatewayRequest { Gateway = new V1.Gateway { Name = read.Name, Disabled = true, Etag = read.Etag } }));

        Assert.Equal(StatusCode.Aborted, fault.StatusCode);
        Assert.NotEqual(read.Etag, changed.Etag);
        Assert.Equal(["https://new.test"], changed.BaseUrls);
        Assert.Equal(read.BaseUrls, changed.RetiredBaseUrls);
    }

    [Fact]
    public async Task RequestId_Repeated_GivesTheFirstAnswerWithoutTheToken()
    {
        var request = new CreateGatewayRequest { GatewayId = "once", Gateway = new V1.Gateway { BaseUrls = { "https://once.test" } }, RequestId = "first try" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ => await Admin.CreateGatewayAsync(request)));
        var again = await Admin.CreateGatewayAsync(request);
        var other = await Assert.ThrowsAsync<RpcException>(async () =>
            await Admin.CreateGatewayAsync(new CreateGatewayRequest(request) { GatewayId = "twice" }));

        Assert.Single(answers, a => a.JoinToken.Length > 0);
        Assert.All(answers, a => Assert.Equal(again.Gateway, a.Gateway));
        Assert.Equal("", again.JoinToken);
        Assert.Equal(["request_id"], other.Fields());
    }

    [Fact]
    public async Task ValidateOnly_AnswersAsIf_AndChangesNothing()
    {
        var request = new CreateGatewayRequest { GatewayId = "ghost", Gateway = new V1.Gateway { BaseUrls = { "https://ghost.test" } }, ValidateOnly = true };

        var answer = await Admin.CreateGatewayAsync(request);

        Assert.Equal(("gateways/ghost", ""), (answer.Gateway.Name, answer.JoinToken));
        var fault = await Assert.ThrowsAsync<RpcException>(async () => await Admin.GetGatewayAsync(new GetGatewayRequest { Name = "gateways/ghost" }));
        Assert.Equal(StatusCode.NotFound, fault.StatusCode);
    }

    [Fact]
    public async Task Secret_IsNowhereInTheStore()
    {
        var token = await CreateAsync("hidden");

        var directory = Path.GetDirectoryName(plane.Options.Storage.Path)!;
        var secret = System.Text.Encoding.ASCII.GetBytes(token.Secret);
        foreach (var file in Directory.EnumerateFiles(directory, Path.GetFileName(plane.Options.Storage.Path) + "*"))
        {
            // Such as the lock, which nobody else may open.
            if (new FileInfo(file).Length == 0) continue;
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var content = new MemoryStream();
            await stream.CopyToAsync(content, TestContext.Current.CancellationToken);
            Assert.True(content.ToArray().AsSpan().IndexOf(secret) < 0, $"the secret is in {file}");
        }
    }

    private async Task<JoinToken> CreateAsync(string id, params string[] baseUrls)
    {
        var gateway = new V1.Gateway { BaseUrls = { baseUrls.Length > 0 ? baseUrls : [$"https://{id}.test"] } };
        return Parse((await Admin.CreateGatewayAsync(new CreateGatewayRequest { GatewayId = id, Gateway = gateway })).JoinToken);
    }

    private async Task<X509Certificate2> EnrollAsync(string id, JoinToken token)
    {
        using var key = new FreshKey();
        var enrolled = await new GatewayService.GatewayServiceClient(plane.Remote())
            .EnrollGatewayAsync(new EnrollGatewayRequest { Secret = token.Secret, CsrDer = ByteString.CopyFrom(key.SigningRequest()) });
        Assert.Equal("gateways/" + id, enrolled.Gateway.Name);
        Assert.NotNull(enrolled.Gateway.EnrollTime);
        return key.Join(enrolled.CertificateDer.ToByteArray());
    }

    private async Task<StatusCode> EnrollFaultAsync(string secret)
    {
        using var key = new FreshKey();
        var anyone = new GatewayService.GatewayServiceClient(plane.Remote());
        return (await Assert.ThrowsAsync<RpcException>(async () =>
            await anyone.EnrollGatewayAsync(new EnrollGatewayRequest { Secret = secret, CsrDer = ByteString.CopyFrom(key.SigningRequest()) }))).StatusCode;
    }

    private async Task<string> ConfigOfAsync(X509Certificate2 identity) =>
        (await new GatewayService.GatewayServiceClient(plane.Remote(identity)).GetGatewayConfigAsync(new GetGatewayConfigRequest())).Gateway;

    private static JoinToken Parse(string text)
    {
        Assert.True(JoinToken.TryParse(text, out var token, out var fault), fault);
        return token;
    }
}

using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;
using Call = System.Func<GrpcCa.ControlPlane.Tests.Access.HostileGatewayTests.Scene, System.Threading.Tasks.Task>;

namespace GrpcCa.ControlPlane.Tests.Access;

/// <summary>
/// A captured gateway with a valid identity (DESIGN §5): it holds what a client signed, and everything it may try with
/// that, or without, ends in a refusal and leaves no row. What it can do is in SECURITY.md.
/// </summary>
public sealed class HostileGatewayTests(HostileGatewayTests.Stage stage) : IClassFixture<HostileGatewayTests.Stage>
{
    private static readonly Dictionary<string, Call> Actions = new(StringComparer.Ordinal)
    {
        ["replays new-order"] = async s =>
        {
            var body = await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("hostile-replay.test"));
            await s.Acme.NewOrderAsync(new NewOrderRequest { Signed = s.Carry(body) });
            await s.MeasureAsync();
            await s.Acme.NewOrderAsync(new NewOrderRequest { Signed = s.Carry(body) });
        },
        ["alters the payload"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"), d => d with { Outer = o => o["payload"] = Text("""{"identifiers":[{"type":"dns","value":"evil.test"}]}""") })),
        ["alters the header"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"), d => d with { Outer = o => o["protected"] = Text($$"""{"alg":"ES256","kid":"{{d.Kid}}","nonce":"{{d.Nonce}}","url":"{{d.Url}}","x":1}""") })),
        ["alters the signature"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"), d => d with { Signature = x => [.. x.Reverse()] })),
        ["strips the signature"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"), d => d with { Outer = o => o["signature"] = "" })),
        ["says alg none"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"), d => d with { Header = h => h["alg"] = "none", Signature = _ => [] })),
        ["adds an unprotected header"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"), d => d with { Outer = o => o["header"] = new JsonObject { ["url"] = s.NewOrder } })),
        ["signs for the account with a key of its own"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("evil.test"), d => d with { Key = AcmeKey.Es256() })),
        ["adds its own key beside the kid"] = async s =>
        {
            var key = AcmeKey.Es256();
            await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("evil.test"), d => d with { Key = key, Header = h => h["jwk"] = key.Jwk.DeepClone() }));
        },
        ["puts its own key in place of the kid"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("evil.test"), d => d with { Key = AcmeKey.Es256(), Kid = null })),
        ["invents an account"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("evil.test"), d => d with { Kid = $"{s.House.Gateway.Origin}/acme/acme/account/AAAAAAAAAAAAAAAAAAAAAA" })),
        ["sends new-order to new-authz"] = async s => await s.Acme.NewAuthorizationAsync(new NewAuthorizationRequest { Signed = s.Carry(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"))) }),
        ["sends new-order to revoke-cert"] = async s => await s.Acme.RevokeCertAsync(new RevokeCertRequest { Signed = s.Carry(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"))) }),
        ["sends new-order to new-account"] = async s => await s.Acme.NewAccountAsync(new NewAccountRequest { Signed = s.Carry(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"))) }),
        ["sends new-account to key-change"] = async s => await s.Acme.KeyChangeAsync(new KeyChangeRequest { Signed = s.Carry(await s.SignAsync(s.NewAccount, [], d => d with { Kid = null })) }),
        ["fetches another order with a fetch of this one"] = async s => await s.Acme.PostOrderAsync(new PostOrderRequest { Signed = s.Carry(await s.SignAsync(s.Order, null)), OrderId = s.OtherOrderId }),
        ["finalizes with a fetch"] = async s => await s.Acme.FinalizeOrderAsync(new FinalizeOrderRequest { Signed = s.Carry(await s.SignAsync(s.Order, null)), OrderId = Id(s.Order) }),
        ["finalizes another order"] = async s => await s.Acme.FinalizeOrderAsync(new FinalizeOrderRequest { Signed = s.Carry(await s.SignAsync(s.Order + "/finalize", s.Finalize())), OrderId = s.OtherOrderId }),
        ["puts its own CSR in"] = async s => await s.Acme.FinalizeOrderAsync(new FinalizeOrderRequest
        {
            Signed = s.Carry(await s.SignAsync(s.Order + "/finalize", s.Finalize(), d => d with { Outer = o => o["payload"] = Text(s.Finalize().ToJsonString()) })),
            OrderId = Id(s.Order),
        }),
        ["updates another account"] = async s => await s.Acme.PostAccountAsync(new PostAccountRequest { Signed = s.Carry(await s.SignAsync(s.Client.Kid!, new JsonObject { ["contact"] = new JsonArray() })), AccountId = Id(s.Other.Kid!) }),
        ["deactivates instead of updating"] = async s => await s.Acme.PostAccountAsync(new PostAccountRequest
        {
            Signed = s.Carry(await s.SignAsync(s.Client.Kid!, [], d => d with { Outer = o => o["payload"] = Text("""{"status":"deactivated"}""") })),
            AccountId = Id(s.Client.Kid!),
        }),
        ["lists orders with a fetch of the account"] = async s => await s.Acme.PostAccountOrdersAsync(new PostAccountOrdersRequest { Signed = s.Carry(await s.SignAsync(s.Client.Kid!, null)), AccountId = Id(s.Client.Kid!) }),
        ["turns the page"] = async s => await s.Acme.PostAccountOrdersAsync(new PostAccountOrdersRequest { Signed = s.Carry(await s.SignAsync(s.Client.Kid + "/orders", null)), AccountId = Id(s.Client.Kid!), Cursor = "1-x" }),
        ["starts another challenge"] = async s => await s.Acme.PostChallengeAsync(new PostChallengeRequest { Signed = s.Carry(await s.SignAsync(s.Challenge, [])), AuthorizationId = s.Challenge.Split('/')[^2], ChallengeId = "other" }),
        ["starts a challenge of another authorization"] = async s => await s.Acme.PostChallengeAsync(new PostChallengeRequest { Signed = s.Carry(await s.SignAsync(s.Challenge, [])), AuthorizationId = "other", ChallengeId = Id(s.Challenge) }),
        ["starts a challenge with a fetch of the authorization"] = async s => await s.Acme.PostChallengeAsync(new PostChallengeRequest { Signed = s.Carry(await s.SignAsync(s.Authorization, null)), AuthorizationId = Id(s.Authorization), ChallengeId = Id(s.Challenge) }),
        ["changes the key to its own"] = async s =>
        {
            var mine = AcmeKey.Es256();
            var inner = new JwsDraft { Key = mine, Url = s.KeyChange, Payload = new JsonObject { ["account"] = s.Client.Kid, ["oldKey"] = s.Client.Key.Jwk.DeepClone() }.ToJsonString() };
            await s.Acme.KeyChangeAsync(new KeyChangeRequest { Signed = s.Carry(await s.SignAsync(s.KeyChange, inner.Write(), d => d with { Key = mine })) });
        },
        ["carries a request for a foreign base URL"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder.Replace(s.House.Gateway.Origin, "https://evil.example", StringComparison.Ordinal), AcmeClient.OrderOf("a.test"))),
        ["carries a request for another gateway's base URL"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder.Replace(s.House.Gateway.Origin, "https://narrow.ca.test", StringComparison.Ordinal), AcmeClient.OrderOf("a.test"))),
        ["carries what was signed for another gateway"] = async s => await s.Narrow.NewOrderAsync(new NewOrderRequest { Signed = s.Carry(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test")), "nixos") }),
        ["serves a provisioner that it may not"] = async s => await s.Narrow.NewOrderAsync(new NewOrderRequest { Signed = s.Carry(await s.SignAsync(s.NewOrder.Replace("one.ca", "narrow.ca", StringComparison.Ordinal), AcmeClient.OrderOf("a.test"))) }),
        ["moves a request to another provisioner"] = async s => await s.Acme.NewOrderAsync(new NewOrderRequest { Signed = s.Carry(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test")), "nixos") }),
        ["names a provisioner that is not there"] = async s => await s.Acme.NewOrderAsync(new NewOrderRequest { Signed = s.Carry(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test")), "nobody") }),
        ["names a provisioner by a path"] = async s => await s.Acme.NewOrderAsync(new NewOrderRequest { Signed = s.Carry(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test")), "../acme") }),
        ["fetches a victim's order with an account of its own"] = async s => await s.Acme.PostOrderAsync(new PostOrderRequest { Signed = s.Carry(await s.SignAsync(s.Order, null, by: s.Other)), OrderId = Id(s.Order) }),
        ["finalizes a victim's order with an account of its own"] = async s => await s.Acme.FinalizeOrderAsync(new FinalizeOrderRequest { Signed = s.Carry(await s.SignAsync(s.Order + "/finalize", s.Finalize(), by: s.Other)), OrderId = Id(s.Order) }),
        ["fetches a victim's certificate with an account of its own"] = async s => await s.Acme.PostCertificateAsync(new PostCertificateRequest { Signed = s.Carry(await s.SignAsync(s.Certificate.Url, null, by: s.Other)), CertificateId = Id(s.Certificate.Url) }),
        ["revokes a victim's certificate with an account of its own"] = async s => await s.Acme.RevokeCertAsync(new RevokeCertRequest { Signed = s.Carry(await s.SignAsync(s.RevokeCert, s.Revocation(), by: s.Other)) }),
        ["revokes a victim's certificate with a key of its own"] = async s => await s.Acme.RevokeCertAsync(new RevokeCertRequest { Signed = s.Carry(await s.SignAsync(s.RevokeCert, s.Revocation(), d => d with { Key = AcmeKey.Es256(), Kid = null })) }),
        ["deactivates a victim's authorization with an account of its own"] = async s => await s.Acme.PostAuthorizationAsync(new PostAuthorizationRequest { Signed = s.Carry(await s.SignAsync(s.Authorization, new JsonObject { ["status"] = "deactivated" }, by: s.Other)), AuthorizationId = Id(s.Authorization) }),
        ["sends nothing"] = async s => await s.OrderAsync(""),
        ["sends no request at all"] = async s => await s.Acme.NewOrderAsync(new NewOrderRequest()),
        ["sends a megabyte"] = async s => await s.OrderAsync(new string(' ', 1 << 20)),
        ["asks for no nonces"] = async s => await s.Acme.MintNoncesAsync(new MintNoncesRequest { Count = 0 }),
        ["asks for less than no nonces"] = async s => await s.Acme.MintNoncesAsync(new MintNoncesRequest { Count = -1 }),
        ["asks for a billion nonces"] = async s => await s.Acme.MintNoncesAsync(new MintNoncesRequest { Count = 1_000_000_000 }),
        ["makes up a nonce"] = async s => await s.OrderAsync(await s.SignAsync(s.NewOrder, AcmeClient.OrderOf("a.test"), d => d with { Nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" })),
        ["checks a fetch of no resource"] = async s => await s.Acme.CheckFetchAsync(new CheckFetchRequest { Signed = s.Carry(await s.SignAsync(s.Directory, null)) }),
        ["checks a fetch of an unknown resource"] = async s => await s.Acme.CheckFetchAsync(new CheckFetchRequest { Signed = s.Carry(await s.SignAsync(s.Directory, null)), Resource = (FetchedResource)99 }),
        ["takes a fetch of the directory for one of new-nonce"] = async s => await s.Acme.CheckFetchAsync(new CheckFetchRequest { Signed = s.Carry(await s.SignAsync(s.Directory, null)), Resource = FetchedResource.NewNonce }),
        ["revokes by the admin's service"] = async s => await new CertificateService.CertificateServiceClient(s.Calls).RevokeCertificateAsync(new RevokeCertificateRequest { Name = "certificates/" + Id(s.Certificate.Url) }),
        ["reads the audit"] = async s => await new AuditService.AuditServiceClient(s.Calls).ListAuditEventsAsync(new ListAuditEventsRequest()),
        ["lists certificates"] = async s => await new CertificateService.CertificateServiceClient(s.Calls).ListCertificatesAsync(new ListCertificatesRequest()),
        ["widens its own base URLs"] = async s => await new GatewayService.GatewayServiceClient(s.Calls).UpdateGatewayAsync(new UpdateGatewayRequest { Gateway = new V1.Gateway { Name = "gateways/one", BaseUrls = { "https://evil.example" } } }),
        ["makes another gateway"] = async s => await new GatewayService.GatewayServiceClient(s.Calls).CreateGatewayAsync(new CreateGatewayRequest { GatewayId = "evil", Gateway = new V1.Gateway { BaseUrls = { "https://evil.example" } } }),
        ["gives itself a token"] = async s => await new GatewayService.GatewayServiceClient(s.Calls).CreateJoinTokenAsync(new CreateJoinTokenRequest { Gateway = "gateways/narrow" }),
        ["disables another gateway"] = async s => await new GatewayService.GatewayServiceClient(s.Calls).DisableGatewayAsync(new DisableGatewayRequest { Name = "gateways/narrow" }),
    };

    private static readonly StatusCode[] Refusals =
        [StatusCode.InvalidArgument, StatusCode.PermissionDenied, StatusCode.NotFound, StatusCode.FailedPrecondition, StatusCode.Unauthenticated, StatusCode.ResourceExhausted];

    public static TheoryData<string, bool> Ways => [.. Actions.Keys.SelectMany(name => new (string, bool)[] { (name, false), (name, true) })];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task HostileGateway_WhateverItTries_IsRefusedAndLeavesNothing(string action, bool byStream)
    {
        var scene = stage.Scene;
        scene.ByStream = byStream;
        await scene.MeasureAsync();
        var refused = await Assert.ThrowsAsync<RpcException>(() => Actions[action](scene));
        Assert.True(Refusals.Contains(refused.StatusCode), $"{refused.Status}");
        Assert.Equal(scene.Rows, await scene.House.CountRowsAsync());
        // The victim is as it was.
        Assert.Equal("valid", (await scene.Client.FetchAsync(scene.Client.Kid!)).Text("status"));
        Assert.Equal("ready", (await scene.Client.FetchAsync(scene.Order)).Text("status"));
        Assert.Equal("pending", (await scene.Client.FetchAsync(scene.Authorization)).Text("status"));
    }

    [Fact]
    public void Table_HasThirtyActions() => Assert.InRange(Actions.Count, 30, 1000);

    [Fact]
    public async Task HostileGateway_ForgedOriginAndAddress_AreNotEchoedAndGiveNoRight()
    {
        var scene = stage.Scene;
        var signed = scene.Carry(await scene.SignAsync(scene.NewOrder, AcmeClient.OrderOf("hostile-origin.test")));
        signed.Origin = "https://evil.example";
        signed.ClientAddress = "not an address";
        signed.UserAgent = new string('u', 4000);
        var answer = await scene.Acme.NewOrderAsync(new NewOrderRequest { Signed = signed });
        Assert.StartsWith(scene.House.Gateway.Origin, answer.Location);
        Assert.DoesNotContain("evil", answer.ToString(), StringComparison.Ordinal);
    }

    private static string Text(string json) => System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(json));

    private static string Id(string url) => url.Split('/')[^1];

    /// <summary>One victim, one bystander, two gateways.</summary>
    public sealed class Stage : IAsyncLifetime
    {
        internal Scene Scene { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Scene = await Scene.SetAsync(await House.StartAsync());

        public async ValueTask DisposeAsync() => await Scene.House.DisposeAsync();
    }

    /// <summary>What the hostile gateway has in its hands.</summary>
    internal sealed class Scene(House house, CallInvoker calls, CallInvoker narrow, AcmeClient client, AcmeClient other)
    {
        public House House => house;

        public CallInvoker Calls => calls;

        private readonly AcmeService.AcmeServiceClient acmeByStream = new(House.ByStream(calls)), narrowByStream = new(House.ByStream(narrow));
        private readonly AcmeService.AcmeServiceClient acmeByCalls = new(calls), narrowByCalls = new(narrow);

        /// <summary>Whether it carries requests by a stream of calls, not by a call for each.</summary>
        public bool ByStream { get; set; }

        public AcmeService.AcmeServiceClient Acme => ByStream ? acmeByStream : acmeByCalls;

        public AcmeService.AcmeServiceClient Narrow => ByStream ? narrowByStream : narrowByCalls;

        public AcmeClient Client => client;

        public AcmeClient Other => other;

        public string Directory => client.DirectoryUrl.ToString();

        public string NewOrder => Directory.Replace("directory", "new-order", StringComparison.Ordinal);

        public string NewAccount => Directory.Replace("directory", "new-account", StringComparison.Ordinal);

        public string KeyChange => Directory.Replace("directory", "key-change", StringComparison.Ordinal);

        public string RevokeCert => Directory.Replace("directory", "revoke-cert", StringComparison.Ordinal);

        public string Order { get; private set; } = "";

        public string OtherOrderId { get; private set; } = "";

        public string Authorization { get; private set; } = "";

        public string Challenge { get; private set; } = "";

        public IssuedCertificate Certificate { get; private set; } = null!;

        public IReadOnlyDictionary<string, long> Rows { get; private set; } = new Dictionary<string, long>(StringComparer.Ordinal);

        public static async Task<Scene> SetAsync(House house)
        {
            var narrow = await house.AddGatewayAsync("narrow", provisioners: ["nixos"]);
            var scene = new Scene(house, house.CallsOf(house.Gateway), house.CallsOf(narrow), await house.AccountAsync(), await house.AccountAsync());
            scene.Certificate = await scene.Client.IssueAsync("victim.test");
            scene.Order = (await scene.Client.ReadyOrderAsync("victim.test")).Location!;
            var second = await scene.Client.OrderAsync("victim2.test");
            scene.OtherOrderId = Id(second.Location!);
            scene.Authorization = AcmeClient.Texts(second.Json["authorizations"])[0];
            scene.Challenge = AcmeClient.ChallengeOf(await scene.Client.FetchAsync(scene.Authorization), "http-01")["url"]!.GetValue<string>();
            return scene;
        }

        /// <summary>A request as the victim signs it; null fetches.</summary>
        public async Task<string> SignAsync(string url, JsonObject? payload, Func<JwsDraft, JwsDraft>? spoil = null, AcmeClient? by = null)
        {
            var draft = await (by ?? client).DraftAsync(url, payload?.ToJsonString() ?? "");
            return (spoil?.Invoke(draft) ?? draft).WriteText();
        }

        public SignedRequest Carry(string body, string provisioner = "acme") =>
            new() { Provisioner = "provisioners/" + provisioner, Body = ByteString.CopyFromUtf8(body), Origin = house.Gateway.Origin };

        public async Task OrderAsync(string body) => await Acme.NewOrderAsync(new NewOrderRequest { Signed = Carry(body) });

        public JsonObject Finalize() => AcmeClient.FinalizeOf(Csr.Of(AcmeKey.Es256().Platform!, "victim.test"));

        public JsonObject Revocation() => new() { ["certificate"] = System.Buffers.Text.Base64Url.EncodeToString(Certificate.Leaf.RawData) };

        public async Task MeasureAsync() => Rows = await house.CountRowsAsync();
    }
}

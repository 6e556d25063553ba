using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;
using static GrpcCa.V1.Webhook.Types;

namespace GrpcCa.ControlPlane.Tests.Webhooks;

/// <summary>Webhooks that have to agree: nothing is issued without their yes, whatever keeps it from coming.</summary>
public sealed class AuthorizeTests
{
    [Fact]
    public async Task Yes_LetsItBeIssued_AndTheQuestionSaysWhat()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        var made = await house.AddAsync("ask", receiver, Event.Authorize);
        var account = await house.AccountAsync();

        await account.IssueAsync("nas.test", "www.nas.test");

        var call = Assert.Single(receiver.Calls);
        Assert.Equal("/grpcca", call.Path);
        Assert.Equal("application/json", call.Headers["content-type"]);
        Assert.True(call.IsSignedWith(made.Secret));
        Assert.False(call.IsSignedWith("whsec_" + Convert.ToBase64String(new byte[32])));
        Assert.Equal("certificate.authorize", call.Type);
        Assert.Equal(call.Id, call.Json["id"]!.GetValue<string>());
        var data = call.Json["data"]!;
        Assert.Equal(["nas.test", "www.nas.test"], data["identifiers"]!.AsArray().Select(i => i!["value"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        Assert.Equal("provisioners/acme", data["provisioner"]!.GetValue<string>());
        Assert.StartsWith("accounts/", data["account"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("gateways/one", data["gateway"]!.GetValue<string>());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(CertificateRequest.LoadSigningRequest(
            Convert.FromBase64String(data["csr"]!.GetValue<string>()), HashAlgorithmName.SHA256).PublicKey.ExportSubjectPublicKeyInfo())), data["key_sha256"]!.GetValue<string>());
    }

    [Fact]
    public async Task No_IsUnauthorized_WithWebhookAndReason_AndTheOrderStaysReady()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await house.AddAsync("ask", receiver, Event.Authorize);
        var account = await house.AccountAsync();
        receiver.Answer = _ => new HookAnswer(200, """{"allow": false, "reason": "nas is not in the\ninventory"}""");

        var (order, refused) = await FinalizeAsync(account, "nas.test");

        Assert.Equal(403, refused.Status);
        Assert.Equal("urn:ietf:params:acme:error:unauthorized", refused.Text("type"));
        Assert.Contains("webhooks/ask", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Contains("nas is not in the inventory", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("ready", (await account.FetchAsync(order.Location!)).Text("status"));
        Assert.Single(receiver.Calls);
        receiver.Answer = _ => HookAnswer.Yes;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.NotNull(await account.FinishAsync(order, Csr.Of(key, ["nas.test"]), key));
    }

    public static TheoryData<string, string> Silences() => new()
    {
        { "500", "status 500" },
        { "404", "status 404" },
        { "redirect", "status 302" },
        { "created", "status 201" },
        { "no JSON", "no JSON" },
        { "no object", "no member 'allow'" },
        { "no allow", "no member 'allow'" },
        { "allow is text", "no member 'allow'" },
        { "two answers", "no JSON" },
        { "too long", "longer than 64 KiB" },
        { "hangs", "no answer within 1 s" },
        { "strange certificate", "leads to no root that is trusted" },
        { "certificate for others", "certificate is for other names" },
        { "nobody there", "connection refused" },
        { "forbidden address", "100.64.7.7 is outside the ranges" },
        { "no such name", "hooks.invalid" },
    };

    [Theory]
    [MemberData(nameof(Silences))]
    public async Task WhatIsNoAnswer_FailsClosed_AndSaysWhy(string what, string cause)
    {
        await using var house = await Hooks.HouseAsync();
        using var wrongNames = new TestAuthority("others", TimeProvider.System).IssueWithKey(TimeSpan.FromDays(1), names: ["other.test"]);
        await using var receiver = await HookReceiver.StartAsync(what == "certificate for others" ? wrongNames : null);
        receiver.Answer = what switch
        {
            "500" => _ => new HookAnswer(500, """{"allow": true}"""),
            "404" => _ => new HookAnswer(404, """{"allow": true}"""),
            "redirect" => _ => new HookAnswer(302) { Location = receiver.Url + "/elsewhere" },
            "created" => _ => new HookAnswer(201, """{"allow": true}"""),
            "no JSON" => _ => new HookAnswer(200, "yes"),
            "no object" => _ => new HookAnswer(200, "[true]"),
            "no allow" => _ => new HookAnswer(200, """{"Allow": true}"""),
            "allow is text" => _ => new HookAnswer(200, """{"allow": "true"}"""),
            "two answers" => _ => new HookAnswer(200, """{"allow": true}{"allow": true}"""),
            "too long" => _ => new HookAnswer(200, """{"allow": true}""" + new string(' ', 70_000)),
            "hangs" => _ => HookAnswer.Hang,
            _ => _ => HookAnswer.Yes,
        };
        if (what == "nobody there") await receiver.DisposeAsync();
        if (what == "forbidden address") house.Dns.Otherwise = name => System.Net.IPAddress.Parse(name.StartsWith("hooks.", StringComparison.Ordinal) ? "100.64.7.7" : "127.0.0.1");
        await house.AddAsync("ask", new Webhook
        {
            Url = what == "no such name" ? "https://hooks.invalid/" : receiver.Url,
            Events = { Event.Authorize },
            Timeout = new() { Seconds = 1 },
            CaPem = what == "strange certificate" ? new TestAuthority("others", TimeProvider.System).Root.ExportCertificatePem() : receiver.CaPem,
        });
        if (what == "no such name") house.Dns.Otherwise = name => name.StartsWith("hooks.", StringComparison.Ordinal) ? null : System.Net.IPAddress.Loopback;
        var account = await house.AccountAsync();
        var began = Stopwatch.GetTimestamp();

        var (order, refused) = await FinalizeAsync(account, "nas.test");

        Assert.Equal(503, refused.Status);
        Assert.Equal("urn:ietf:params:acme:error:serverInternal", refused.Text("type"));
        Assert.Contains("webhooks/ask", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Contains(cause, refused.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("10", refused.Header("Retry-After"));
        Assert.Equal("ready", (await account.FetchAsync(order.Location!)).Text("status"));
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Contains(cause, (await house.GetAsync("ask")).LastFailure, StringComparison.Ordinal);
        if (what == "500")
        {
            receiver.Answer = _ => HookAnswer.Yes;
            await account.IssueAsync("nas.test");
            var answers = await house.GetAsync("ask");
            Assert.True(answers.LastDeliveryTime >= answers.LastFailureTime);
        }
        Assert.DoesNotContain(receiver.Calls, c => c.Path.EndsWith("elsewhere", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OneThatIsRestarted_IsAskedAgainWithinItsTime()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await house.AddAsync("ask", receiver, Event.Authorize);
        var account = await house.AccountAsync();
        receiver.Answer = _ => receiver.Calls.Count < 3 ? new HookAnswer(503) : HookAnswer.Yes;

        await account.IssueAsync("nas.test");

        Assert.Equal(3, receiver.Calls.Count);
        Assert.Single(receiver.Calls.Select(c => c.Id).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task OnlyTheCertificatesOfItsProvisioners_AreAskedFor_AndNotWhileItIsDisabled()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await house.AddAsync("ask", new Webhook { Url = receiver.Url, Events = { Event.Authorize }, CaPem = receiver.CaPem, Provisioners = { "provisioners/nixos" } });

        await (await house.AccountAsync()).IssueAsync("nas.test");
        Assert.Empty(receiver.Calls);
        await (await house.AccountAsync("nixos")).IssueAsync("nas.test");
        Assert.Single(receiver.Calls);

        await house.Webhooks().UpdateWebhookAsync(new() { Webhook = new() { Name = "webhooks/ask", Disabled = true }, UpdateMask = new() { Paths = { "disabled" } } });
        await (await house.AccountAsync("nixos")).IssueAsync("www.test");
        Assert.Single(receiver.Calls);
    }

    [Fact]
    public async Task ACertificateWithoutAcme_IsAskedForAndTold_Too()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await house.AddAsync("both", receiver, Event.Authorize, Event.Issued);
        receiver.Answer = call => call.Type == "certificate.authorize" && call.Json["data"]!["identifiers"]![0]!["value"]!.GetValue<string>() == "bad.test"
            ? new HookAnswer(200, """{"allow": false, "reason": "bad is bad"}""") : HookAnswer.Yes;
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CreateCertificateRequest Wanted(string name) => new() { Provisioner = "provisioners/acme", Csr = Google.Protobuf.ByteString.CopyFrom(Csr.Of(key, [name])) };

        var issued = await certificates.CreateCertificateAsync(Wanted("good.test"));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await certificates.CreateCertificateAsync(Wanted("bad.test")));
        receiver.Answer = _ => new HookAnswer(500);
        var away = await Assert.ThrowsAsync<RpcException>(async () => await certificates.CreateCertificateAsync(Wanted("good.test")));
        receiver.Answer = _ => HookAnswer.Yes;

        var asked = receiver.Calls.First(c => c.Type == "certificate.authorize").Json["data"]!;
        Assert.StartsWith("local/uid/", asked["requester"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(asked["account"]);
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Contains("webhooks/both does not let it be issued: bad is bad", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.Unavailable, away.StatusCode);
        Assert.Contains("status 500", away.Status.Detail, StringComparison.Ordinal);
        var told = Assert.Single(await receiver.UntilAsync("certificate.issued"));
        Assert.Equal(issued.Name, told.Json["data"]!["certificate"]!.GetValue<string>());
    }

    [Fact]
    public async Task OneNo_AmongSeveral_CountsMoreThanSilence()
    {
        await using var house = await Hooks.HouseAsync();
        await using var yes = await HookReceiver.StartAsync();
        await using var no = await HookReceiver.StartAsync();
        await using var silent = await HookReceiver.StartAsync();
        no.Answer = _ => new HookAnswer(200, """{"allow": false}""");
        silent.Answer = _ => new HookAnswer(500);
        await house.AddAsync("a-silent", silent, Event.Authorize);
        await house.AddAsync("b-yes", yes, Event.Authorize);
        await house.AddAsync("c-no", no, Event.Authorize);

        var (_, refused) = await FinalizeAsync(await house.AccountAsync(), "nas.test");

        Assert.Equal(403, refused.Status);
        Assert.Contains("webhooks/c-no does not let it be issued: it gave no reason", refused.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneThatIsAddedWhileAnotherThinks_IsAsked_Too()
    {
        await using var house = await Hooks.HouseAsync();
        await using var slow = await HookReceiver.StartAsync();
        await using var no = await HookReceiver.StartAsync();
        using var added = new ManualResetEventSlim();
        slow.Answer = _ => added.Wait(TimeSpan.FromSeconds(15)) ? HookAnswer.Yes : new HookAnswer(500);
        no.Answer = _ => new HookAnswer(200, """{"allow": false}""");
        await house.AddAsync("slow", new Webhook { Url = slow.Url, Events = { Event.Authorize }, CaPem = slow.CaPem, Timeout = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(20)) });

        var finalizing = FinalizeAsync(await house.AccountAsync(), "nas.test");
        await slow.UntilAsync("certificate.authorize");
        await house.AddAsync("late", no, Event.Authorize);
        added.Set();

        var (_, refused) = await finalizing;
        Assert.Equal(403, refused.Status);
        Assert.Contains("webhooks/late does not let it be issued", refused.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACertificateOfThisCa_IsTrustedWithoutMore()
    {
        await using var house = await Hooks.HouseAsync();
        var account = await house.AccountAsync();
        var own = await account.IssueAsync("hooks.test");
        using var leaf = X509CertificateLoader.LoadPkcs12(own.Leaf.CopyWithPrivateKey((ECDsa)own.Key).Export(X509ContentType.Pkcs12), null);
        await using var receiver = await HookReceiver.StartAsync(leaf, chain: [.. own.Chain.Skip(1)]);
        await house.AddAsync("ask", new Webhook { Url = receiver.Url, Events = { Event.Authorize } });

        await account.IssueAsync("nas.test");

        Assert.Single(receiver.Calls);
    }

    private static async Task<(AcmeAnswer Order, AcmeAnswer Answer)> FinalizeAsync(AcmeClient account, string name)
    {
        var order = await account.ReadyOrderAsync(name);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (order, await account.FinalizeAsync(order, Csr.Of(key, [name])));
    }
}

using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist E: external account binding (RFC 8555 §7.3.4).</summary>
public sealed class ExternalAccountTests(ExternalAccountTests.Vouched shared) : IClassFixture<ExternalAccountTests.Vouched>
{
    private const string Provisioner = "vouched";

    private House House => shared.House;

    /// <summary>A provisioner whose accounts need somebody who vouches for them.</summary>
    public sealed class Vouched : SharedHouse, IAsyncLifetime
    {
        async ValueTask IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            await House.AddProvisionerAsync(Provisioner, new AcmeProvisioner { ExternalAccountRequired = true });
        }
    }

    [Fact]
    public async Task E1_WhereItIsRequired_ItsAbsenceIsExternalAccountRequired()
    {
        var client = House.Client(Provisioner);
        var meta = (await client.GetAsync(client.DirectoryUrl.ToString())).Json["meta"]!;
        var before = await House.CountRowsAsync();

        (await client.RegisterAsync()).MustBe(403, "externalAccountRequired");

        Assert.True(meta["externalAccountRequired"]!.GetValue<bool>());
        Assert.Equal(before, await House.CountRowsAsync());
    }

    [Fact]
    public async Task E1_WhereItIsNotRequired_ItIsVerifiedAllTheSame()
    {
        var (id, mac) = await House.AddEabKeyAsync(new EabKey { Provisioner = "provisioners/acme" });
        var client = House.Client();

        (await client.RegisterAsync(WithBinding(await client.BindingAsync(id, new byte[32])))).MustBe(403, "unauthorized");
        var made = (await client.RegisterAsync(WithBinding(await client.BindingAsync(id, mac)))).MustBe(201);

        Assert.NotNull(made.Json["externalAccountBinding"]);
    }

    public static TheoryData<string, int, string> Faults => new()
    {
        { "unknown kid", 403, "unauthorized" },
        { "wrong MAC", 403, "unauthorized" },
        { "alg none", 400, "malformed" },
        { "a nonce inside", 400, "malformed" },
        { "another url", 400, "malformed" },
        { "another key", 400, "malformed" },
        { "not an object", 400, "malformed" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task E2_AFaultyBinding_IsRefusedAndLeavesNothing(string fault, int status, string type)
    {
        var (id, mac) = await House.AddEabKeyAsync(new EabKey { Provisioner = $"provisioners/{Provisioner}" });
        var client = House.Client(Provisioner);
        JsonNode binding = fault switch
        {
            "unknown kid" => await client.BindingAsync("nobody", mac),
            "wrong MAC" => await client.BindingAsync(id, new byte[32]),
            "alg none" => await client.BindingAsync(id, mac, d => d with { Header = h => h["alg"] = "none" }),
            "a nonce inside" => await client.BindingAsync(id, mac, d => d with { Nonce = "AAAA" }),
            "another url" => await client.BindingAsync(id, mac, d => d with { Url = d.Url + "/x" }),
            "another key" => await client.BindingAsync(id, mac, d => d with { Payload = AcmeKey.Es256().Jwk.ToJsonString() }),
            _ => JsonValue.Create("binding"),
        };
        var before = await House.CountRowsAsync();

        var answer = (await client.RegisterAsync(WithBinding(binding))).MustBe(status, type);

        Assert.DoesNotContain(Convert.ToBase64String(mac), answer.Body);
        Assert.Equal(before, await House.CountRowsAsync());
        // Nothing of the key was used up.
        (await client.RegisterAsync(WithBinding(await client.BindingAsync(id, mac)))).MustBe(201);
    }

    [Theory]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    public async Task E2a_AVerifiedBinding_IsEchoed(string algorithm)
    {
        var (id, mac) = await House.AddEabKeyAsync(new EabKey { Provisioner = $"provisioners/{Provisioner}" });
        var client = House.Client(Provisioner);
        var binding = await client.BindingAsync(id, mac, algorithm: algorithm);

        var made = (await client.RegisterAsync(WithBinding(binding))).MustBe(201);
        var fetched = (await client.FetchAsync(client.Kid!)).MustBe(200);

        Assert.True(JsonNode.DeepEquals(binding, made.Json["externalAccountBinding"]), made.ToString());
        Assert.True(JsonNode.DeepEquals(binding, fetched.Json["externalAccountBinding"]), fetched.ToString());
    }

    [Fact]
    public async Task E3_AUsedExpiredOrDisabledKey_BindsNobody()
    {
        var used = await House.AddEabKeyAsync(new EabKey { Provisioner = $"provisioners/{Provisioner}" });
        var disabled = await House.AddEabKeyAsync(new EabKey { Provisioner = $"provisioners/{Provisioner}" });
        var elsewhere = await House.AddEabKeyAsync(new EabKey { Provisioner = "provisioners/acme" });
        await new AccountService.AccountServiceClient(House.Admin()).DisableEabKeyAsync(new DisableEabKeyRequest { Name = $"eabKeys/{disabled.Id}" });
        var first = House.Client(Provisioner);
        (await first.RegisterAsync(WithBinding(await first.BindingAsync(used.Id, used.Mac)))).MustBe(201);

        foreach (var (id, mac) in new[] { used, disabled, elsewhere })
        {
            var client = House.Client(Provisioner);
            (await client.RegisterAsync(WithBinding(await client.BindingAsync(id, mac)))).MustBe(403, "unauthorized");
        }
        // A2: who is bound already is found, whatever else is in the request.
        (await first.RegisterAsync(WithBinding(await first.BindingAsync(used.Id, used.Mac)))).MustBe(200);
    }

    [Fact]
    public async Task E3_NamesBoundToTheKey_HoldForTheAccount()
    {
        var (id, mac) = await House.AddEabKeyAsync(new EabKey { Provisioner = $"provisioners/{Provisioner}" }, "exact:mine.test");
        var client = House.Client(Provisioner);
        (await client.RegisterAsync(WithBinding(await client.BindingAsync(id, mac)))).MustBe(201);

        (await client.OrderAsync("mine.test")).MustBe(201);
        (await client.OrderAsync("other.test")).MustBe(403, "rejectedIdentifier", $"eabKeys/{id}");
        // Also once its key has changed.
        (await client.ChangeKeyAsync(AcmeKey.Es256())).MustBe(200);
        (await client.OrderAsync("other.test")).MustBe(403, "rejectedIdentifier", $"eabKeys/{id}");
    }

    private static JsonObject WithBinding(JsonNode binding) => new() { ["termsOfServiceAgreed"] = true, ["externalAccountBinding"] = binding.DeepClone() };
}

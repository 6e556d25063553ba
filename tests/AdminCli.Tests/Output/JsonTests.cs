using System.Text.Json;

namespace GrpcCa.AdminCli.Tests.Output;

/// <summary>The shape that src/AdminCli/Output/README.md promises to scripts.</summary>
public sealed class JsonTests
{
    [Theory]
    [InlineData("provisioner list", "provisioners")]
    [InlineData("profile list", "profiles")]
    [InlineData("names list", "nameRules")]
    [InlineData("certificate list", "certificates")]
    [InlineData("order list", "orders")]
    [InlineData("account list", "accounts")]
    [InlineData("eab-key list", "eabKeys")]
    [InlineData("gateway list", "gateways")]
    [InlineData("operator list", "operators")]
    [InlineData("authority list", "authorities")]
    [InlineData("audit list", "auditEvents")]
    public async Task List_AsJson_IsAnArrayOfNamedThings(string line, string member)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync(line + " --output json");
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal([member, "truncated"], json.RootElement.EnumerateObject().Select(p => p.Name));
        var rows = json.RootElement.GetProperty(member).EnumerateArray().ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.StartsWith(member == "nameRules" ? "nameRules/" : member + "/", row.GetProperty("name").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Show_AsJson_HasEnumsByNameAndTimesInRfc3339()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        using var json = JsonDocument.Parse((await new Cli(fake).RunAsync("certificate show 6a00000000000001 -o JSON")).Out);
        Assert.Equal("STATE_REVOKED", json.RootElement.GetProperty("state").GetString());
        Assert.Equal("REVOCATION_REASON_SUPERSEDED", json.RootElement.GetProperty("revocationReason").GetString());
        Assert.Equal("2026-11-24T00:00:00Z", json.RootElement.GetProperty("expireTime").GetString());
    }

    [Fact]
    public async Task Show_AsJson_HasAbsentScalarsAndNoAbsentTimes()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        using var json = JsonDocument.Parse((await new Cli(fake).RunAsync("gateway show lab -o json")).Out);
        Assert.False(json.RootElement.GetProperty("disabled").GetBoolean());
        Assert.Equal(0, json.RootElement.GetProperty("tlsNames").GetArrayLength());
        Assert.False(json.RootElement.TryGetProperty("enrollTime", out _));
    }

    [Fact]
    public async Task Text_AsJson_IsNotEscapedForTheWeb()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Data.Provisioners[0].DisplayName = "Büro & <Haus> 'ö'";
        var run = await new Cli(fake).RunAsync("provisioner show acme -o json");
        Assert.Contains("Büro & <Haus> 'ö'", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_AsJson_HasTheDocumentedMembersOnStandardError()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("names allow exact:a..b -p acme -o json");
        Assert.Equal(ExitCodes.Failed, run.ExitCode);
        Assert.Empty(run.Out);
        using var json = JsonDocument.Parse(run.Error);
        var error = json.RootElement.GetProperty("error");
        Assert.Equal("INVALID_ARGUMENT", error.GetProperty("code").GetString());
        Assert.Equal("INVALID", error.GetProperty("reason").GetString());
        Assert.Equal("a label is empty", error.GetProperty("message").GetString());
        var field = Assert.Single(error.GetProperty("fields").EnumerateArray());
        Assert.Equal("name_rule.pattern", field.GetProperty("field").GetString());
        Assert.Equal("a label is empty", field.GetProperty("description").GetString());
    }
}

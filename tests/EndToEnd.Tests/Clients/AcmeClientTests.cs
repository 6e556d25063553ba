using System.Text.Json;

namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>The npm package acme-client, with every operation of RFC 8555 that it has.</summary>
public sealed class AcmeClientTests(SharedInstance shared)
{
    [Fact]
    public async Task AcmeClient_ThroughAllItsOperations_IsAnsweredAsItExpects()
    {
        using var site = shared.NewSite("acmeclient");

        var told = await RunAsync(site, site.Instance.Directory);

        Assert.Equal("valid", told["account"].GetProperty("status").GetString());
        Assert.Equal("""["mailto:first@home.test"]""", told["account"].GetProperty("contact").GetRawText());
        Assert.Equal("""["mailto:second@home.test"]""", told["update"].GetProperty("contact").GetRawText());
        Assert.Equal(("valid", 2), (told["http-01"].GetProperty("order").GetString(), told["http-01"].GetProperty("certificates").GetInt32()));
        Assert.Equal($"""["{site.Name}"]""", told["http-01"].GetProperty("names").GetRawText());
        Assert.Equal("deactivated", told["deactivateAuthorization"].GetProperty("status").GetString());
        Assert.Equal(told["account"].GetProperty("url").GetString(), told["updateAccountKey"].GetProperty("url").GetString());
        Assert.Equal(("valid", 2), (told["tls-alpn-01"].GetProperty("order").GetString(), told["tls-alpn-01"].GetProperty("certificates").GetInt32()));
        Assert.True(told["preferredChain"].GetProperty("same").GetBoolean());
        Assert.Contains("was revoked", told["revokeAgain"].GetProperty("says").GetString());
        Assert.Contains("not-allowed.example", told["badOrder"].GetProperty("says").GetString());
        Assert.Equal(2, told["auto"].GetProperty("certificates").GetInt32());
        Assert.Equal("deactivated", told["deactivateAccount"].GetProperty("status").GetString());
        Assert.True(told["afterwards"].GetProperty("refused").GetBoolean());
    }

    [Fact]
    public async Task AcmeClient_WithAnExternalAccountBinding_IsBound()
    {
        using var site = shared.NewSite("acmeclient-eab");
        var provisioner = await shared.Instance.AdminAsync("provisioner", "create", "acmeclient", "--authority", "main", "--profile", "default", "--external-account-required");
        Assert.True(provisioner.ExitCode == 0, provisioner.Said);
        await shared.Instance.AdminAsync("names", "allow", "subtree:test", "--provisioner", "acmeclient");
        var key = await shared.Instance.AdminAsync("eab-key", "create", "--id", "acmeclient", "--provisioner", "acmeclient", "--allow", $"exact:{site.Name}");

        var told = await RunAsync(site, $"{site.Instance.Origin}/acme/acmeclient/directory", "acmeclient", key.Output.Trim().Split('\n')[^1].Trim());

        Assert.Equal("valid", told["tls-alpn-01"].GetProperty("order").GetString());
        Assert.Contains("\"uses\": 1", (await shared.Instance.AdminAsync("eab-key", "show", "acmeclient", "-o", "json")).Output);
    }

    private static async Task<Dictionary<string, JsonElement>> RunAsync(TestSite site, string directory, params string[] binding)
    {
        var run = await ProgramRun.OfAsync("node",
            ["acme-client.js", directory, site.Name, site.Address.ToString(), $"{site.Port}", $"{site.TlsPort}", .. binding], NodeModules.Folder,
            new Dictionary<string, string> { ["NODE_EXTRA_CA_CERTS"] = site.Instance.RootFile });
        Assert.True(run.ExitCode == 0, run.Said);
        return run.Output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToDictionary(e => e.GetProperty("step").GetString()!);
    }
}

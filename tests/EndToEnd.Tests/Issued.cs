using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace GrpcCa.EndToEnd.Tests;

/// <summary>A chain that a client brought home, and what others say about it.</summary>
internal sealed class Issued : IDisposable
{
    private readonly X509Certificate2Collection chain = [];
    private readonly RunningInstance instance;

    private Issued(RunningInstance instance, string chainFile)
    {
        this.instance = instance;
        chain.ImportFromPemFile(chainFile);
    }

    /// <summary>As the API and the CLI write it.</summary>
    public string Serial => Leaf.SerialNumber.ToLowerInvariant().TrimStart('0').PadLeft(32, '0');

    private X509Certificate2 Leaf => chain[0];

    /// <summary>Leaf and intermediate, for this name, and good in the strict eyes of openssl.</summary>
    public static async Task<Issued> CheckAsync(TestSite site, string chainFile)
    {
        var issued = new Issued(site.Instance, chainFile);
        Assert.Equal(2, issued.chain.Count);
        Assert.True(issued.Leaf.MatchesHostname(site.Name), $"{chainFile} is not for {site.Name}");
        Assert.Equal(issued.chain[1].SubjectName.RawData, issued.Leaf.IssuerName.RawData);
        await ProgramRun.SucceedAsync("openssl", ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", site.Instance.RootFile, "-untrusted", chainFile, chainFile]);
        return issued;
    }

    /// <summary>What <c>grpcca certificate show</c> says.</summary>
    public async Task<JsonElement> ShowAsync()
    {
        var run = await instance.AdminAsync("certificate", "show", Serial, "--output", "json");
        Assert.True(run.ExitCode == 0, run.Said);
        return JsonDocument.Parse(run.Output).RootElement;
    }

    public async Task AssertStateAsync(string state)
    {
        var shown = await ShowAsync();
        Assert.Equal($"STATE_{state}", shown.GetProperty("state").GetString());
    }

    public void Dispose()
    {
        foreach (var certificate in chain) certificate.Dispose();
    }
}

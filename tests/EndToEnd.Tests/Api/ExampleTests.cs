using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml.Linq;
using GrpcCa.EndToEnd.Tests.Validation;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>The examples in three languages, each over the admin socket and with a client certificate; and the package of the client.</summary>
[Trait("Long", "true")]
public sealed class ExampleTests(SharedInstance shared, ClientPackage package)
{
    private static int numbers;

    public static TheoryData<string, bool> Ways() => [.. from language in new[] { "csharp", "python", "node" } from remote in new[] { false, true } select (language, remote)];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Example_Issues_ListsWhatEndsSoon_AndRevokes(string language, bool remote)
    {
        using var home = new TemporaryDirectory();
        string[] connection = remote ? ["--identity", await LoginAsync($"{language}-example", home)] : ["--socket", shared.Instance.AdminServer["unix:".Length..]];
        Task<ProgramRun> Run(params string[] arguments) => RunAsync(language, [.. connection, .. arguments]);
        var name = $"{Interlocked.Increment(ref numbers)}.{language}.example.test";
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(home.At("wanted.csr"), PemEncoding.WriteString("CERTIFICATE REQUEST", Csr.Of(key, [name])), TestContext.Current.CancellationToken);

        var issued = await Run("issue", "acme", home.At("wanted.csr"));
        Assert.True(issued.ExitCode == 0, issued.Said);
        using var leaf = X509Certificate2.CreateFromPem(issued.Output);
        var serial = SerialOf(leaf);
        var listed = await Run("expiring", "2");
        var tooEarly = await Run("expiring", "0");
        var revoked = await Run("revoke", serial);
        var after = await Run("expiring", "2");
        var again = await Run("revoke", serial);

        Assert.True(leaf.MatchesHostname(name));
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), leaf.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(2, issued.Output.Split("BEGIN CERTIFICATE").Length - 1);
        Assert.True(listed.ExitCode == 0, listed.Said);
        var line = Assert.Single(listed.Output.Split('\n'), l => l.StartsWith(serial, StringComparison.Ordinal));
        Assert.Matches($@"^{serial} \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ dns:{name}$", line);
        Assert.DoesNotContain(serial, tooEarly.Output);
        Assert.True(revoked.ExitCode == 0, revoked.Said);
        Assert.StartsWith($"revoked {serial} at ", revoked.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(serial, after.Output);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains($"{serial} was revoked at", again.Errors);
    }

    [Theory]
    [InlineData("csharp")]
    [InlineData("python")]
    [InlineData("node")]
    public async Task Example_Watches(string language)
    {
        await package.ExampleAsync();
        var watching = RunAsync(language, "--socket", shared.Instance.AdminServer["unix:".Length..], "watch", "3");
        var issued = new List<string>();

        // It tells of what comes once it is there, so something goes on coming.
        while (!watching.IsCompleted && issued.Count < 50)
        {
            issued.Add((await IssueAsync($"watch-{language}")).Serial);
            await Task.WhenAny(watching, Task.Delay(200, TestContext.Current.CancellationToken));
        }
        var watched = await watching;

        Assert.True(watched.ExitCode == 0, watched.Said);
        var lines = watched.Output.TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Matches("^(Issued|Renewed|Revoked|Expiring) [0-9a-f]+ (dns|ip):", line));
        Assert.Contains(lines, line => issued.Contains(line.Split(' ')[1], StringComparer.Ordinal));
    }

    [Fact]
    public async Task Package_HasItsPapers_AndDocumentsWhatItOffers()
    {
        using var archive = await ZipFile.OpenReadAsync(await package.FileAsync(), TestContext.Current.CancellationToken);
        var names = archive.Entries.Select(e => e.FullName).ToList();
        XElement Xml(string name) => XElement.Load(archive.GetEntry(name)!.Open());
        var metadata = Xml("GrpcCa.Client.nuspec").Elements().Single();
        string? Told(string name) => metadata.Elements().SingleOrDefault(e => e.Name.LocalName == name)?.Value;

        Assert.Contains("README.md", names);
        Assert.Contains("LICENSE", names);
        Assert.Equal("Apache-2.0", Told("license"));
        Assert.Equal("README.md", Told("readme"));
        Assert.NotEmpty(Told("description")!);
        var members = Xml("lib/net10.0/GrpcCa.Protocol.xml").Descendants("member").Select(m => m.Attribute("name")!.Value).ToHashSet(StringComparer.Ordinal);
        foreach (var type in typeof(Client.GrpcCaClient).Assembly.GetExportedTypes().Where(t => t.Namespace != "GrpcCa.V1" && t.Namespace?.StartsWith("GrpcCa.V1.", StringComparison.Ordinal) != true))
            Assert.True(members.Contains("T:" + type.FullName), $"{type} is offered without a word");
    }

    [Fact]
    public void Surface_IsSmall_AndHasAClientForEveryServiceButAcmes()
    {
        var assembly = typeof(Client.GrpcCaClient).Assembly;
        string[] ours = ["GrpcCa.Client.GrpcCaClient", "GrpcCa.Protocol.AcmeResource", "GrpcCa.Protocol.AcmeRoute", "GrpcCa.Protocol.AcmeRoutes", "GrpcCa.Protocol.Identity.IdentityException", "GrpcCa.Protocol.ResourceName", "GrpcCa.Protocol.TrustRoutes"];
        var services = assembly.GetExportedTypes().Where(t => t.IsNested && t.Name.EndsWith("ServiceClient", StringComparison.Ordinal) && t.Name != "AcmeServiceClient");

        Assert.Equal(ours, assembly.GetExportedTypes().Where(t => !t.IsNested && t.Namespace != "GrpcCa.V1").Select(t => t.FullName!).Order(StringComparer.Ordinal));
        Assert.Equal(
            services.Select(t => t.FullName).Order(StringComparer.Ordinal),
            typeof(Client.GrpcCaClient).GetProperties().Where(p => p.Name != "Calls").Select(p => p.PropertyType.FullName).Order(StringComparer.Ordinal));
    }

    private static string SerialOf(X509Certificate2 certificate) => certificate.SerialNumber.ToLowerInvariant().TrimStart('0').PadLeft(32, '0');

    private async Task<ProgramRun> RunAsync(string language, params string[] arguments) => language switch
    {
        "csharp" => await ProgramRun.OfAsync("dotnet", [await package.ExampleAsync(), .. arguments]),
        "python" => await ProgramRun.OfAsync("/usr/bin/python3", [SourceTree.At("examples", "python", "certificates.py"), .. arguments]),
        _ => await ProgramRun.OfAsync("node", [SourceTree.At("examples", "node", "certificates.js"), .. arguments],
            variables: new Dictionary<string, string> { ["NODE_PATH"] = Path.Combine(NodeModules.Folder, "node_modules") }),
    };

    private async Task<string> LoginAsync(string id, TemporaryDirectory home)
    {
        var created = await shared.Instance.AdminAsync("operator", "create", id, "--role", "issuer");
        Assert.True(created.ExitCode == 0, created.Said);
        var login = await ProgramRun.OfAsync(SourceTree.At("grpcca"), ["login", "--token-file", "-", "--identity", home.At("identity")], home.Path, input: created.Output.TrimEnd().Split('\n')[^1] + "\n");
        Assert.True(login.ExitCode == 0, login.Said);
        return home.At("identity");
    }

    private async Task<(string Name, string Serial)> IssueAsync(string label)
    {
        await using var site = await AnsweringSite.StartAsync(shared, label);
        using var http = shared.Instance.Http();
        var client = await shared.Instance.AccountAsync(http);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issued = await client.FinishAsync(await site.ReadyOrderAsync(client), Csr.Of(key, [site.Name]), key);
        return (site.Name, SerialOf(issued.Leaf));
    }
}

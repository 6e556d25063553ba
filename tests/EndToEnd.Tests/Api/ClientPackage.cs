using GrpcCa.EndToEnd.Tests.Api;

[assembly: AssemblyFixture(typeof(ClientPackage))]

namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>The package <c>GrpcCa.Client</c> as it would be published, and the example built against it, once for all tests.</summary>
public sealed class ClientPackage : IDisposable
{
    private readonly TemporaryDirectory place = new();
    private readonly Lazy<Task<string>> file;
    private readonly Lazy<Task<string>> example;

    public ClientPackage()
    {
        file = new(PackAsync);
        example = new(BuildAsync);
    }

    /// <summary>The .nupkg.</summary>
    public Task<string> FileAsync() => file.Value;

    /// <summary>The built example, to be run with <c>dotnet</c>.</summary>
    public Task<string> ExampleAsync() => example.Value;

    public void Dispose() => place.Dispose();

    // What the tests run with was built already; it is packed as it is.
    private async Task<string> PackAsync()
    {
        await ProgramRun.SucceedAsync("dotnet", ["pack", SourceTree.At("src", "Protocol"), "-c", "Release", "--no-build", "--nologo", "-o", place.At("packages")]);
        return Assert.Single(Directory.GetFiles(place.At("packages"), "*.nupkg"));
    }

    // Packages of its own, so that no earlier build's stands in for this one; what it needs besides lies with those of the tests.
    private async Task<string> BuildAsync()
    {
        await FileAsync();
        var copy = Directory.CreateDirectory(place.At("csharp")).FullName;
        foreach (var source in Directory.GetFiles(SourceTree.At("examples", "csharp"))) File.Copy(source, Path.Combine(copy, Path.GetFileName(source)));
        var known = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await ProgramRun.SucceedAsync("dotnet",
            ["build", copy, "-c", "Release", "--nologo", "-o", place.At("built"), "--source", place.At("packages"), $"-p:RestoreFallbackFolders={known}", "-warnaserror"],
            copy, new Dictionary<string, string> { ["NUGET_PACKAGES"] = place.At("nuget") });
        return place.At("built", "Certificates.dll");
    }
}

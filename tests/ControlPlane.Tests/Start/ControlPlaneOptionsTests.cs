using System.Text.Json;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Signing.File;
using GrpcCa.Host;
using GrpcCa.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GrpcCa.ControlPlane.Tests.Start;

public sealed class ControlPlaneOptionsTests
{
    [Fact]
    public void Read_Nothing_GivesSafeDefaults()
    {
        var options = Read();
        Assert.Equal("/var/lib/grpcca/admin.sock", options.AdminSocket);
        Assert.Equal("127.0.0.1:14443", options.Listen.ToString());
        Assert.Null(options.Declare.Allow);
        Assert.All(options.Validation.Ranges, range => Assert.Contains(range.ToString(), (string[])["100.64.0.0/10", "fd7a:115c:a1e0::/48"]));
    }

    [Fact]
    public void Read_ManyMistakes_ReportsAllWithTheirKeys()
    {
        var fault = Assert.Throws<ConfigurationException>(() => Read(
            ("Grpc:Listen", "nowhere"), ("Validation:Http01Port", "0"), ("Validation:Ranges", "10.0.0.1/99"), ("Hierarchy:Permit", "subtree:*.x"),
            ("Hierarchy:RevocationBaseUrl", "https://ca.test"), ("Storage:Provider", "postgresql"), ("Declare:Allow", "subtree:"), ("Grpc:Lisen", "127.0.0.1:1")));
        string[] expected =
        [
            "Grpc:Listen", "Validation:Http01Port", "Validation:Ranges", "Hierarchy:Permit", "Hierarchy:RevocationBaseUrl", "Storage:ConnectionFile",
            "Declare:Allow", "Grpc:Lisen",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), fault.Problems.Select(p => p[..p.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
        Assert.Contains(fault.Problems, p => p.Contains("did you mean Grpc:Listen", StringComparison.Ordinal));
    }

    [Fact]
    public void Schema_And_Options_KnowTheSameKeys()
    {
        var keys = new List<string>();
        using var schema = JsonDocument.Parse(File.ReadAllText(SchemaPath()));
        Collect(schema.RootElement, "", keys);
        var reader = new ConfigurationReader(new ConfigurationBuilder().Build());
        ControlPlaneOptions.Read(reader);
        Assert.Equal(reader.Keys.Order(StringComparer.Ordinal), keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Schema_Defaults_AreTheProgramsOwn()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(SchemaPath()));
        var defaults = new List<(string, string?)>();
        CollectDefaults(schema.RootElement, "", defaults);
        var plain = Read();
        var written = Read([.. defaults]);
        Assert.Equal(plain with { Declare = written.Declare, Nonces = written.Nonces, Validation = written.Validation, Listen = written.Listen }, written with { Hierarchy = plain.Hierarchy });
        Assert.Equal(plain.Nonces.WindowChunks, written.Nonces.WindowChunks);
        Assert.Equal(plain.Hierarchy with { Permit = written.Hierarchy.Permit }, written.Hierarchy);
        Assert.Equal(plain.Validation with { Ranges = written.Validation.Ranges, Resolver = written.Validation.Resolver }, written.Validation);
        Assert.Equal(plain.Listen.ToString(), written.Listen.ToString());
    }

    [Fact]
    public void Schema_Bounds_AreTheProgramsOwn()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(SchemaPath()));
        var bounds = new List<(string Key, long Value, bool Allowed)>();
        CollectBounds(schema.RootElement, "", bounds);
        Assert.Contains(("Signing:Iterations", 209_999, false), bounds);

        Assert.All(bounds, bound =>
        {
            var problems = ProblemsOf((bound.Key, $"{bound.Value}"));
            if (bound.Allowed) Assert.DoesNotContain(problems, problem => problem.StartsWith(bound.Key + ":", StringComparison.Ordinal));
            else Assert.Contains(problems, problem => problem.StartsWith(bound.Key + ":", StringComparison.Ordinal));
        });
    }

    [Theory]
    [InlineData("Validation:ResolveTimeout", "10s", "Validation:AttemptTimeout")]
    [InlineData("Validation:ConnectTimeout", "1m", "Validation:AttemptTimeout")]
    [InlineData("Validation:Backoff", "30s", "Validation:Within")]
    public void Read_BoundNotWithinTheOneAroundIt_IsRefused(string key, string value, string around)
    {
        var problem = Assert.Single(ProblemsOf((key, value)));

        Assert.StartsWith(key + ":", problem, StringComparison.Ordinal);
        Assert.Contains(around, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Validation:ResolveTimeout", "9s")]
    [InlineData("Validation:ConnectTimeout", "9s")]
    [InlineData("Validation:Backoff", "29s")]
    // The look-up's own default does not forbid a short attempt, as a provisioner may have one.
    [InlineData("Validation:AttemptTimeout", "2s")]
    public void Read_BoundWithinTheOneAroundIt_IsTaken(string key, string value) => Assert.Empty(ProblemsOf((key, value)));

    [Fact]
    public void Iterations_ReachTheKeysThatAreMade()
    {
        using var services = new ServiceCollection().AddSigning(Read(("Signing:Iterations", "600000"))).BuildServiceProvider();

        Assert.Equal(600_000, services.GetRequiredService<FileKeyOptions>().Iterations);
    }

    private static IReadOnlyList<string> ProblemsOf(params (string Key, string? Value)[] settings)
    {
        try
        {
            Read(settings);
            return [];
        }
        catch (ConfigurationException fault)
        {
            return [.. fault.Problems];
        }
    }

    private static void CollectBounds(JsonElement node, string prefix, List<(string, long, bool)> bounds)
    {
        foreach (var property in node.GetProperty("properties").EnumerateObject())
        {
            var key = prefix + property.Name;
            if (property.Value.TryGetProperty("properties", out _)) CollectBounds(property.Value, key + ":", bounds);
            if (property.Value.TryGetProperty("minimum", out var least)) bounds.AddRange([(key, least.GetInt64(), true), (key, least.GetInt64() - 1, false)]);
            if (property.Value.TryGetProperty("maximum", out var most)) bounds.AddRange([(key, most.GetInt64(), true), (key, most.GetInt64() + 1, false)]);
        }
    }

    private static ControlPlaneOptions Read(params (string Key, string? Value)[] settings) => ControlPlaneOptions.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))).Build());

    private static void Collect(JsonElement node, string prefix, List<string> keys)
    {
        Assert.False(node.GetProperty("additionalProperties").GetBoolean());
        foreach (var property in node.GetProperty("properties").EnumerateObject())
        {
            if (prefix.Length == 0 && property.Name == "$schema") continue;
            Assert.NotEmpty(property.Value.GetProperty("description").GetString()!);
            if (property.Value.TryGetProperty("properties", out _)) Collect(property.Value, prefix + property.Name + ":", keys);
            else keys.Add(prefix + property.Name);
        }
    }

    private static void CollectDefaults(JsonElement node, string prefix, List<(string, string?)> defaults)
    {
        foreach (var property in node.GetProperty("properties").EnumerateObject())
            if (property.Value.TryGetProperty("properties", out _)) CollectDefaults(property.Value, prefix + property.Name + ":", defaults);
            else if (property.Value.TryGetProperty("default", out var value)) defaults.Add((prefix + property.Name, value.ToString()));
    }

    private static string SchemaPath() => SourceTree.At("docs", "schemas", "server.schema.json");
}

using System.Text.Json;
using GrpcCa.Host;
using Microsoft.Extensions.Configuration;

namespace GrpcCa.Gateway.Tests;

public sealed class GatewayOptionsTests
{
    [Fact]
    public void Read_OnlyState_GivesTheDefaults() => Assert.Equal(new GatewayOptions { State = "/s" }, Read(("state", "/s"), ("$schema", "gateway.schema.json")));

    [Fact]
    public void Read_ManyMistakes_ReportsAllWithTheirKeys()
    {
        var fault = Assert.Throws<ConfigurationException>(() => Read(("listen", "nowhere"), ("nonces:batch", "0"), ("controlPlane:startDeadline", "soon"), ("limits:bodi", "1"), ("log:level", "loud")));
        string[] expected = ["listen", "nonces:batch", "controlPlane:startDeadline", "log:level", "state", "limits:bodi"];
        Assert.Equal(expected.Order(), fault.Problems.Select(p => p[..p.IndexOf(": ", StringComparison.Ordinal)]).Order());
        Assert.Contains(fault.Problems, p => p.Contains("did you mean limits:body", StringComparison.Ordinal));
    }

    [Fact]
    public void Schema_And_Options_KnowTheSameKeysAndDefaults()
    {
        var defaults = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase) { ["state"] = "/s" };
        var keys = new List<string>();
        using var schema = JsonDocument.Parse(File.ReadAllText(SchemaPath()));
        Collect(schema.RootElement, "", keys, defaults);

        var reader = new ConfigurationReader(new ConfigurationBuilder().AddInMemoryCollection(defaults).Build());
        Assert.Equal(new GatewayOptions { State = "/s" }, GatewayOptions.Read(reader));
        Assert.Equal(reader.Keys.Order(StringComparer.Ordinal), keys.Order(StringComparer.Ordinal));
    }

    private static void Collect(JsonElement node, string prefix, List<string> keys, Dictionary<string, string?> defaults)
    {
        Assert.False(node.GetProperty("additionalProperties").GetBoolean());
        foreach (var property in node.GetProperty("properties").EnumerateObject())
        {
            if (prefix.Length == 0 && property.Name == "$schema") continue;
            var key = prefix + property.Name;
            if (property.Value.TryGetProperty("properties", out _))
            {
                Collect(property.Value, key + ":", keys, defaults);
                continue;
            }
            keys.Add(key);
            Assert.NotEmpty(property.Value.GetProperty("description").GetString()!);
            if (property.Value.TryGetProperty("default", out var value)) defaults[key] = value.ToString();
        }
    }

    private static string SchemaPath()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var path = Path.Combine(directory.FullName, "docs", "schemas", "gateway.schema.json");
            if (File.Exists(path)) return path;
        }
        throw new FileNotFoundException("docs/schemas/gateway.schema.json is not above the tests");
    }

    private static GatewayOptions Read(params (string Key, string? Value)[] pairs) => GatewayOptions.Read(new ConfigurationReader(
        new ConfigurationBuilder().AddInMemoryCollection(pairs.Select(p => KeyValuePair.Create(p.Key, p.Value))).Build()));
}

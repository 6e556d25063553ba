using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli.Tests.Output;

public sealed class YamlTests
{
    [Fact]
    public void Document_OfEveryShape_IsAsWrittenHere() => Assert.Equal("""
        name: provisioners/acme
        empty: ""
        none: null
        "yes": 1
        words:
          - plain
          - "true"
          - "3"
          - "a: b"
          - "- dash"
          - "*.net.gq"
          - "# no comment"
          - "two\nlines"
        nothing: []
        nobody: {}
        nested:
          things:
            - a: 1
              b: true
            - - x
              - "y"
            - {}
        """, YamlText.Format(JsonNode.Parse("""
        {
          "name": "provisioners/acme", "empty": "", "none": null, "yes": 1,
          "words": ["plain", "true", "3", "a: b", "- dash", "*.net.gq", "# no comment", "two\nlines"],
          "nothing": [], "nobody": {},
          "nested": { "things": [{ "a": 1, "b": true }, ["x", "y"], {}] }
        }
        """)!));

    [Fact]
    public async Task Failure_AsYaml_IsOnStandardError()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("gateway show nobody -o yaml");
        Assert.Equal(ExitCodes.NotFound, run.ExitCode);
        Assert.Empty(run.Out);
        Assert.StartsWith("error:\n  code: NOT_FOUND\n", run.Error, StringComparison.Ordinal);
    }
}

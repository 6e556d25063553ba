namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>docs/schemas/state.schema.json says what <c>grpcca apply</c> reads; Debian's python3-jsonschema is the judge.</summary>
public sealed class StateSchemaTests(SharedInstance shared)
{
    private static readonly string Schema = SourceTree.At("docs", "schemas", "state.schema.json");

    [Fact]
    public async Task StateSchema_AgainstTheProtos_IsUpToDate()
    {
        using var scratch = new TemporaryDirectory();
        var rendered = StateSchema.Render(await File.ReadAllBytesAsync(await DescriptorSet.WriteAsync(SourceTree.At("protos"), scratch.At("api.binpb"))));
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1") await File.WriteAllTextAsync(Schema, rendered);

        Assert.True(rendered == await File.ReadAllTextAsync(Schema), "docs/schemas/state.schema.json is older than protos/: run WRITE_DOCS=1 ./test EndToEnd.Tests and commit it");
    }

    [Fact]
    public async Task ExportedState_InTheEyesOfTheSchema_IsValid()
    {
        using var home = new TemporaryDirectory();
        await File.WriteAllTextAsync(home.At("state.json"), (await shared.Instance.AdminAsync("export", "-o", "json")).Output);

        var run = await ValidateAsync(home.At("state.json"));

        Assert.True(run.ExitCode == 0, run.Said);
    }

    [Theory]
    [InlineData("""{"provisioners": [{"name": "provisioners/a", "authority": "authorities/main"}]}""", "defaultProfile")]
    [InlineData("""{"gateway": []}""", "gateway")]
    [InlineData("""{"profiles": [{"name": "profiles/a", "lifetime": "7 days", "extendedKeyUsages": ["serverAuth"], "keyTypes": ["RSA"]}]}""", "7 days")]
    public async Task Document_WithAMistake_IsNot(string document, string about)
    {
        using var home = new TemporaryDirectory();
        await File.WriteAllTextAsync(home.At("state.json"), document);

        var run = await ValidateAsync(home.At("state.json"));

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(about, run.Said);
    }

    // The system's own interpreter: Debian's modules are for that one.
    private static Task<ProgramRun> ValidateAsync(string document) => ProgramRun.OfAsync("/usr/bin/python3", ["-m", "jsonschema", "-i", document, Schema]);
}

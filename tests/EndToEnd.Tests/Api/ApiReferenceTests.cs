namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>docs/api.md says what the protos say.</summary>
public sealed class ApiReferenceTests
{
    private static readonly string Page = SourceTree.At("docs", "api.md");

    [Fact]
    public async Task ApiPage_AgainstTheProtos_IsUpToDate()
    {
        using var scratch = new TemporaryDirectory();
        var set = await File.ReadAllBytesAsync(await DescriptorSet.WriteAsync(SourceTree.At("protos"), scratch.At("api.binpb")));
        var rendered = ApiReference.Render(set);
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1") await File.WriteAllTextAsync(Page, rendered);

        Assert.True(rendered == await File.ReadAllTextAsync(Page), "docs/api.md is older than protos/: run WRITE_DOCS=1 ./test EndToEnd.Tests and commit it");
        Assert.Contains("| RevokeCertificate | [RevokeCertificateRequest](#revokecertificaterequest) |", rendered);
    }

    [Fact]
    public async Task ApiPage_OfEveryMethodAndField_HasAComment()
    {
        var bare = (await File.ReadAllLinesAsync(Page)).Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.EndsWith("|  |", StringComparison.Ordinal)).ToList();

        Assert.Empty(bare);
    }
}

using System.Text.RegularExpressions;

namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>
/// The API only grows: what <c>protos/released.binpb</c> holds still works, on the wire and as JSON (buf.yaml). That file is
/// made anew at a release and at no other time: <c>RELEASE_API=1 ./test EndToEnd.Tests</c>.
/// </summary>
public sealed partial class BufBreakingTests
{
    private static readonly string Released = SourceTree.At("protos", "released.binpb");

    [Fact]
    public async Task Protos_AgainstTheReleasedOnes_BreakNothing()
    {
        if (Environment.GetEnvironmentVariable("RELEASE_API") == "1") await DescriptorSet.WriteAsync(SourceTree.At("protos"), Released, withComments: false);

        var run = await BreakingAsync(SourceTree.At("protos"));

        Assert.True(run.ExitCode == 0, run.Said);
    }

    [Fact]
    public async Task Protos_WithoutAReleasedField_AreRefused()
    {
        using var copy = new TemporaryDirectory();
        Directory.CreateDirectory(copy.At("grpcca", "v1"));
        foreach (var file in Directory.GetFiles(SourceTree.At("protos", "grpcca", "v1"), "*.proto"))
            await File.WriteAllTextAsync(copy.At("grpcca", "v1", Path.GetFileName(file)), PublicKeyHash().Replace(await File.ReadAllTextAsync(file), ""));

        var run = await BreakingAsync(copy.Path);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("public_key_sha256", run.Output);
    }

    private static async Task<ProgramRun> BreakingAsync(string protos)
    {
        using var scratch = new TemporaryDirectory();
        var set = await DescriptorSet.WriteAsync(protos, scratch.At("api.binpb"));
        return await ProgramRun.OfAsync(NodeModules.Program("buf"),
            ["breaking", set, "--against", Released, "--config", SourceTree.At("buf.yaml"), "--against-config", SourceTree.At("buf.yaml"), "--path", "grpcca"], scratch.Path);
    }

    [GeneratedRegex("""^\s*string public_key_sha256 = 17 .*$""", RegexOptions.Multiline)]
    private static partial Regex PublicKeyHash();
}

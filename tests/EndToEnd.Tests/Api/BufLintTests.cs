namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>The protos obey buf's standard rules and the exceptions that buf.yaml gives a reason for.</summary>
public sealed class BufLintTests
{
    [Fact]
    public async Task Protos_InTheEyesOfBuf_AreClean()
    {
        var lint = await LintAsync(SourceTree.At("protos"));

        Assert.True(lint.ExitCode == 0, lint.Said);
    }

    [Fact]
    public async Task Protos_WithAMethodThatBreaksARule_AreRefused()
    {
        using var copy = new TemporaryDirectory();
        foreach (var file in Directory.GetFiles(SourceTree.At("protos", "grpcca", "v1"), "*.proto"))
        {
            Directory.CreateDirectory(copy.At("grpcca", "v1"));
            await File.WriteAllTextAsync(copy.At("grpcca", "v1", Path.GetFileName(file)), await File.ReadAllTextAsync(file));
        }
        await File.AppendAllTextAsync(copy.At("grpcca", "v1", "certificate.proto"), "\nmessage badly_named {}\n");

        var lint = await LintAsync(copy.Path);

        Assert.NotEqual(0, lint.ExitCode);
        Assert.Contains("badly_named", lint.Output);
    }

    // buf reads a descriptor set that protoc made, so that imports come from the packages the build uses, and nothing from the network.
    private static async Task<ProgramRun> LintAsync(string protos)
    {
        using var scratch = new TemporaryDirectory();
        var set = await DescriptorSet.WriteAsync(protos, scratch.At("api.binpb"));
        return await ProgramRun.OfAsync(NodeModules.Program("buf"), ["lint", set, "--config", SourceTree.At("buf.yaml"), "--path", "grpcca"], scratch.Path);
    }
}

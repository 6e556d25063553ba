using System.CommandLine;
using GrpcCa.AdminCli.Commands;

namespace GrpcCa.AdminCli.Tests.Commands;

public sealed class HelpTests
{
    public static TheoryData<string> Paths => [.. All(new RootNoun(), "").Select(c => c.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Command_AskedForHelp_DescribesItselfWithAnExample(string path)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var command = All(new RootNoun(), "").Single(c => c.Path == path).Command;
        var run = await new Cli(fake).RunAsync(path + " --help");
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Empty(run.Error);
        Assert.False(string.IsNullOrWhiteSpace(command.Description));
        Assert.Contains(command.Description, run.Out, StringComparison.Ordinal);
        var examples = Assert.IsType<IExampled>(command, exactMatch: false).Examples;
        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.Contains("  " + example, run.Out, StringComparison.Ordinal));
        Assert.All(command.Options.Where(o => !o.Hidden), option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
        Assert.All(command.Arguments, argument => Assert.False(string.IsNullOrWhiteSpace(argument.Description), argument.Name));
    }

    public static TheoryData<string> Examples => [.. All(new RootNoun(), "").SelectMany(c => ((IExampled)c.Command).Examples).Distinct(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Example_Parsed_HasNoMistake(string example)
    {
        // What a shell would do with pipes and redirections is not the program's.
        var line = example.Split(" | ")[0].Split(" > ")[0].Split(" < ")[0].Split(" && ")[0];
        var words = Cli.Words(line);
        Assert.Equal("grpcca", words[0]);
        Assert.Empty(new RootNoun().Parse(words[1..]).Errors);
    }

    [Fact]
    public async Task Root_AskedForHelp_ListsEveryExitCode()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("--help");
        Assert.All(ExitCodes.All, code => Assert.Contains($"  {code.Code,-4} {code.Meaning}", run.Out, StringComparison.Ordinal));
        var declared = typeof(ExitCodes).GetFields().Where(f => f.IsLiteral).Select(f => (int)f.GetRawConstantValue()!).Order();
        Assert.Equal(declared, ExitCodes.All.Select(c => c.Code).Order());
    }

    private static IEnumerable<(string Path, Command Command)> All(Command command, string path) =>
        command.Subcommands.SelectMany(c => All(c, $"{path} {c.Name}".Trim())).Prepend((path, command));
}

using System.CommandLine;
using System.Diagnostics;
using GrpcCa.AdminCli.Commands;
using GrpcCa.AdminCli.Commands.Manual;

namespace GrpcCa.AdminCli.Tests.Manual;

public sealed class ManTests
{
    private static readonly string[] Requests = [".TH", ".SH", ".TP", ".nf", ".fi"];

    [Fact]
    public async Task Man_EveryVisibleCommand_HasAPage()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("man pages");
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        var files = Directory.GetFiles(Path.Combine(fake.Directory, "pages")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal);
        Assert.Equal(Names(new RootNoun(), "grpcca").Order(StringComparer.Ordinal), files);
    }

    [Fact]
    public void Page_OfEveryCommand_IsWellFormed()
    {
        foreach (var page in ManPage.All(new RootNoun()))
        {
            var lines = page.Text().TrimEnd('\n').Split('\n');
            Assert.StartsWith(".TH ", lines[0], StringComparison.Ordinal);
            Assert.Equal([".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"], lines.Where(l => l.StartsWith(".SH", StringComparison.Ordinal)).Take(3));
            Assert.All(lines, line => Assert.All(line, c => Assert.InRange(c, ' ', '~')));
            // Only requests that are meant, and every font that is changed is changed back.
            Assert.All(lines.Where(l => l.StartsWith('.')), line => Assert.Contains(line.Split(' ')[0], Requests));
            Assert.All(lines, line => Assert.Equal(Count(line, @"\fB") + Count(line, @"\fI"), Count(line, @"\fR")));
            Assert.DoesNotContain("", lines);
        }
    }

    [Theory]
    [InlineData(".so secret", @"\&.so secret")]
    [InlineData("a\\b -c", @"a\eb \-c")]
    [InlineData("…", @"\[u2026]")]
    public void Text_ThatRoffWouldRead_IsPrintedAsItIs(string text, string roff) => Assert.Equal(roff, Roff.Line(text));

    private static int Count(string line, string part) => line.Split(part).Length - 1;

    private static IEnumerable<string> Names(Command command, string name) =>
        command.Subcommands.Where(c => !c.Hidden).SelectMany(c => Names(c, $"{name}-{c.Name}")).Prepend(name + ".1");
}

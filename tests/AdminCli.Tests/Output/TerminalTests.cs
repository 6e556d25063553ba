namespace GrpcCa.AdminCli.Tests.Output;

public sealed class TerminalTests
{
    private const char Escape = '\u001b';

    [Fact]
    public async Task Table_OnATerminal_HasLinesAndColours()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake) { Terminal = true }.RunAsync("provisioner list");
        Assert.Contains(Escape, run.Out);
        Assert.Contains('╭', run.Out);
    }

    [Theory]
    [InlineData("NO_COLOR", "1", "provisioner list")]
    [InlineData("TERM", "dumb", "provisioner list")]
    [InlineData("TERM", "xterm", "provisioner list --no-color")]
    [InlineData("NO_COLOR", "1", "status")]
    [InlineData("NO_COLOR", "1", "order show o1")]
    public async Task Table_ColoursNotWanted_HasNone(string variable, string value, string line)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var cli = new Cli(fake) { Terminal = true };
        cli.Variables[variable] = value;
        var run = await cli.RunAsync(line);
        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain(Escape, run.Out);
    }

    [Fact]
    public async Task Table_EmptyNoColor_MeansNothing()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var cli = new Cli(fake) { Terminal = true };
        cli.Variables["NO_COLOR"] = "";
        Assert.Contains(Escape, (await cli.RunAsync("provisioner list")).Out);
    }

    [Fact]
    public async Task Table_OnANarrowTerminal_IsAsDrawnHere()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var cli = new Cli(fake) { Terminal = true, Width = 70 };
        cli.Variables["NO_COLOR"] = "1";
        var run = await cli.RunAsync("provisioner list");
        Assert.Equal("""
            ╭─────────────┬──────┬──────────┬───────────┬─────────┬──────────────╮
            │ PROVISIONER │ KIND │ STATE    │ AUTHORITY │ PROFILE │ DESCRIPTION  │
            ├─────────────┼──────┼──────────┼───────────┼─────────┼──────────────┤
            │ acme        │ acme │ enabled  │ main      │ server  │ Hosts that   │
            │             │      │          │           │         │ renew every  │
            │             │      │          │           │         │ day          │
            │ nixos       │ acme │ disabled │ main      │ long    │ -            │
            ╰─────────────┴──────┴──────────┴───────────┴─────────┴──────────────╯

            """, run.Out);
    }

    [Fact]
    public async Task Table_InAPipe_IsAsciiAndKeepsRowsWhole()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Data.Provisioners[0].DisplayName = new string('x', 400);
        var run = await new Cli(fake) { Width = 40 }.RunAsync("provisioner list");
        Assert.All(run.Out, c => Assert.True(char.IsAscii(c)));
        Assert.Equal(3, run.Out.TrimEnd('\n').Split('\n').Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Text_FromOutside_CannotDriveTheTerminal(bool terminal)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Data.Accounts[0].Contacts[0] = "mailto:\u001b]0;owned\u0007\u202eevil@[red]x[/]\r\n";
        var cli = new Cli(fake) { Terminal = terminal, Width = 300 };
        cli.Variables["NO_COLOR"] = "1";
        foreach (var line in new[] { "account list", "account show ac1" })
        {
            var run = await cli.RunAsync(line);
            Assert.Contains(@"mailto:\u001b]0;owned\u0007\u202eevil@[red]x[/]\u000d\u000a", run.Out, StringComparison.Ordinal);
            Assert.DoesNotContain(Escape, run.Out);
            Assert.DoesNotContain('\u202e', run.Out);
        }
    }
}

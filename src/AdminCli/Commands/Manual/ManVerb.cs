using System.CommandLine;
using System.Text;

namespace GrpcCa.AdminCli.Commands.Manual;

/// <summary><c>grpcca man DIR</c>, hidden: writes a manual page per command; for packages.</summary>
internal sealed class ManVerb : Verb
{
    public ManVerb() : base("man", "Writes the manual pages, one for each command, into a directory.")
    {
        Hidden = true;
        Add(Target);
    }

    public Argument<string> Target { get; } = new("dir") { Description = "The directory; made when it is not there" };

    public override IReadOnlyList<string> Examples => ["grpcca man share/man/man1"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var directory = Directory.CreateDirectory(Path.GetFullPath(context.Get(Target), context.Environment.WorkingDirectory)).FullName;
        var pages = ManPage.All(new RootNoun()).ToList();
        foreach (var page in pages) await File.WriteAllTextAsync(Path.Combine(directory, page.FileName), page.Text(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), context.Cancel);
        context.Printer.Note($"{pages.Count} pages are in {directory}");
        return ExitCodes.Ok;
    }
}

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>What a drill saw, for docs/durability.md: a line in artifacts/test/durability.txt.</summary>
internal static class FiguresFile
{
    public static async Task TellAsync(string line)
    {
        var directory = Directory.CreateDirectory(SourceTree.At("artifacts/test"));
        await File.AppendAllTextAsync(Path.Combine(directory.FullName, "durability.txt"), line + "\n");
    }
}

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>What a drill saw, for docs/durability.md.</summary>
internal static class FiguresFile
{
    /// <param name="line">Drill, colon, what it came to.</param>
    public static Task TellAsync(string line)
    {
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        return Figures.TellAsync(line[..colon], line[(colon + 2)..], new Dictionary<string, double>());
    }
}

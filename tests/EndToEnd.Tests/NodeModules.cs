namespace GrpcCa.EndToEnd.Tests;

/// <summary>The npm packages of these tests, installed by <c>./test</c>.</summary>
internal static class NodeModules
{
    public static string Folder { get; } = SourceTree.At("tests", "EndToEnd.Tests", "node");

    public static string Program(string name)
    {
        var path = Path.Combine(Folder, "node_modules", ".bin", name);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is missing: ./test installs it");
    }
}

namespace GrpcCa.TestKit;

/// <summary>The source tree that the tests were built from.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Find();

    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "GrpcCa.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("the tests run outside of the source tree");
        return directory.FullName;
    }
}

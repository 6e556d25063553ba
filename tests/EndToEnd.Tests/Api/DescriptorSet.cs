using System.Reflection;

namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>What protoc makes of the protos; protoc and the imports are those of the build's packages.</summary>
internal static class DescriptorSet
{
    /// <summary>Where the imported protos are.</summary>
    public static string[] Imports => [Package("GoogleApiProtos"), Package("WellKnownProtos")];

    public static async Task<string> WriteAsync(string protos, string file, bool withComments = true)
    {
        var protoc = Package("Protoc");
        await ProgramRun.SucceedAsync(protoc,
        [
            "-I", protos, "-I", Package("GoogleApiProtos"), "-I", Package("WellKnownProtos"), "--include_imports", .. withComments ? ["--include_source_info"] : Array.Empty<string>(), "-o", file,
            .. Directory.GetFiles(protos, "*.proto", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
        ]);
        return file;
    }

    /// <summary>Paths into the packages, noted by the build.</summary>
    private static string Package(string key) => typeof(DescriptorSet).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}

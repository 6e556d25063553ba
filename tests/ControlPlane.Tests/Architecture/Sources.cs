using System.Text.RegularExpressions;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Architecture;

/// <summary>The control plane's source files, by room.</summary>
internal static partial class Sources
{
    private static readonly string Folder = SourceTree.At("src", "ControlPlane");

    /// <summary>All files below <c>src/ControlPlane</c>, without what the build makes.</summary>
    public static IReadOnlyList<SourceFile> All { get; } =
        [.. Directory.GetFiles(Folder, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => SourceFile.Read(Folder, path))];

    /// <summary>Every room: a folder of the control plane; below Acme, each of its folders.</summary>
    public static IReadOnlySet<string> Rooms { get; } = All.Select(file => file.Room).Where(room => room.Length > 0).ToHashSet(StringComparer.Ordinal);

    /// <summary>The room of a path such as <c>Acme/Jws/JsonWebKey.cs</c>; empty for the composition root.</summary>
    public static string RoomOf(string path)
    {
        var folders = path.Split('/')[..^1];
        // Acme's own files wire its rooms: part of the composition root.
        return folders switch
        {
            [] or ["Acme"] => "",
            ["Acme", var room, ..] => "Acme/" + room,
            [var room, ..] => room,
        };
    }

    /// <summary>The rooms that a file names, by <c>using</c> or by a qualified name.</summary>
    public static IEnumerable<string> RoomsNamedIn(string code)
    {
        var text = NamespaceOrComment().Replace(code, "");
        var full = Qualified().Matches(text).Select(match => match.Groups[1].Value);
        var types = Short().Matches(text).Select(match => match.Groups[1].Value).Where(Types.Contains);
        return full.Concat(types).Select(RoomOfName).Where(Rooms.Contains).Distinct(StringComparer.Ordinal);
    }

    private static string RoomOfName(string name) => name.Split('.') is ["Acme", var below, ..] ? "Acme/" + below : name.Split('.')[0];

    /// <summary><c>Room.Type</c> for every type: a property that is called like a room is followed by something else.</summary>
    private static HashSet<string> Types { get; } =
        [.. All.SelectMany(file => Declared().Matches(file.Text).Select(match => $"{file.Room.Split('/')[0]}.{match.Groups[1].Value}"))];

    [GeneratedRegex(@"(?<![\w.])GrpcCa\.ControlPlane\.([A-Z]\w*(?:\.[A-Z]\w*)*)", RegexOptions.None, 5000)]
    private static partial Regex Qualified();

    // Inside namespace GrpcCa.ControlPlane.X, a name such as Signing.PermitKind needs no more.
    [GeneratedRegex(@"(?<![\w.])([A-Z]\w*\.[A-Z]\w*)", RegexOptions.None, 5000)]
    private static partial Regex Short();

    [GeneratedRegex(@"^\s*(?:internal|public)[\w ]* (?:class|record|struct|interface|enum) (\w+)", RegexOptions.Multiline, 5000)]
    private static partial Regex Declared();

    [GeneratedRegex(@"^namespace .*$|//.*$", RegexOptions.Multiline, 5000)]
    private static partial Regex NamespaceOrComment();
}

/// <summary>A file, its path below <c>src/ControlPlane</c> and its room.</summary>
internal sealed record SourceFile(string Path, string Room, string Text)
{
    public static SourceFile Read(string folder, string path)
    {
        var relative = System.IO.Path.GetRelativePath(folder, path);
        return new(relative, Sources.RoomOf(relative), File.ReadAllText(path));
    }
}

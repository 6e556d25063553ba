using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Architecture;

/// <summary>The arrows between rooms are those of src/README.md: no other, none that is not there, no cycle.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Listed = ReadList();

    private static readonly Dictionary<string, HashSet<string>> Found = Sources.All
        .Where(file => file.Room.Length > 0)
        .GroupBy(file => file.Room, StringComparer.Ordinal)
        .ToDictionary(room => room.Key, room => room.SelectMany(file => Sources.RoomsNamedIn(file.Text)).Where(target => target != room.Key).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);

    [Fact]
    public void Rooms_AreThoseOfTheList() => Assert.Equal(Sources.Rooms.Order(StringComparer.Ordinal), Listed.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Arrows_ThatNobodyListed_AreNowhere()
    {
        var stray = Sources.All.Where(file => file.Room.Length > 0)
            .SelectMany(file => Sources.RoomsNamedIn(file.Text).Where(room => room != file.Room && !Listed[file.Room].Contains(room)).Select(room => $"{file.Path} uses {room}"));

        Assert.Empty(stray);
    }

    [Fact]
    public void Arrows_OfTheList_AreAllDrawn() =>
        Assert.Empty(Listed.SelectMany(line => line.Value.Where(target => !Found[line.Key].Contains(target)).Select(target => $"{line.Key} -> {target} is listed and not used")));

    [Fact]
    public void Arrows_GoDown_NeverInACircle()
    {
        // Whoever has no arrow to a room that is left is on the floor; take the floor away until nothing is left.
        var left = Found.ToDictionary(room => room.Key, room => room.Value, StringComparer.Ordinal);
        while (left.Where(room => !room.Value.Any(left.ContainsKey)).Select(room => room.Key).ToList() is { Count: > 0 } floor)
            foreach (var room in floor) left.Remove(room);

        Assert.Empty(left.Keys);
    }

    [Theory]
    [InlineData("using GrpcCa.ControlPlane.Names;", "Names")]
    [InlineData("using GrpcCa.ControlPlane.Acme.Challenges.Http01;", "Acme/Challenges")]
    [InlineData("var x = new GrpcCa.ControlPlane.Pki.Identifier();", "Pki")]
    [InlineData("=> Signing.PermitKind.Leaf;", "Signing")]
    [InlineData("namespace GrpcCa.ControlPlane.Names;", null)]
    [InlineData("// GrpcCa.ControlPlane.Names decides", null)]
    [InlineData("gateway.Provisioners.IsEmpty || Provisioners.Contains(x)", null)]
    public void RoomsNamedIn_OfALine_KnowsThem(string line, string? room) => Assert.Equal(room is null ? [] : [room], Sources.RoomsNamedIn(line));

    private static Dictionary<string, string[]> ReadList()
    {
        var lines = File.ReadAllLines(SourceTree.At("src", "README.md"));
        return lines.SkipWhile(line => line != "```arrows").Skip(1).TakeWhile(line => line != "```")
            .Select(line => line.Split("->", StringSplitOptions.TrimEntries))
            .ToDictionary(parts => parts[0], parts => parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), StringComparer.Ordinal);
    }
}

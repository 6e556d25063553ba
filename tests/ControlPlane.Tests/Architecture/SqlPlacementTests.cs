using System.Text.RegularExpressions;

namespace GrpcCa.ControlPlane.Tests.Architecture;

/// <summary>SQL stands only in *Store.cs, Audit/ and Storage/ (DESIGN §3), so that a schema change knows where to look.</summary>
public sealed partial class SqlPlacementTests
{
    [Fact]
    public void Sql_OutsideOfStores_IsNowhere()
    {
        var sources = Directory.GetFiles(ControlPlane(), "*.cs", SearchOption.AllDirectories);

        var stray = sources.Where(file => !MayHoldSql(file) && HoldsSql(File.ReadAllText(file))).Select(file => Path.GetRelativePath(ControlPlane(), file));

        Assert.Empty(stray);
        Assert.Contains(sources, file => MayHoldSql(file) && HoldsSql(File.ReadAllText(file)));
    }

    // "time > @t or (time = @t and id > @id)" reads an index from its start for every page; "(time, id) > (@t, @id)" begins at the place.
    [Fact]
    public void Pages_GoOnFromTheirPlace_ByRowValues()
    {
        var sources = Directory.GetFiles(ControlPlane(), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();

        Assert.DoesNotContain(sources, source => SlowPage().IsMatch(source));
        Assert.Contains(sources, source => source.Contains("(revoked_at, serial) > (@time, @serial)", StringComparison.Ordinal));
        Assert.Matches(SlowPage(), "a > @x or (a = @x and b > @y)");
    }

    [Theory]
    [InlineData("session.Sql(text)", true)]
    [InlineData("\"SELECT id FROM orders\"", true)]
    [InlineData("\"\"\"\n    INSERT INTO orders (id) VALUES (@id)\n\"\"\"", true)]
    [InlineData("\"delete from orders\"", true)]
    [InlineData("\"UPDATE orders SET state = 1\"", true)]
    [InlineData("// we select from the orders and update them", false)]
    [InlineData("names.Select(name => name).From(x)", false)]
    [InlineData("\"the update is set aside\"", false)]
    public void HoldsSql_OfALine_KnowsIt(string text, bool expected) => Assert.Equal(expected, HoldsSql(text));

    private static bool HoldsSql(string text) => Statement().IsMatch(text);

    private static bool MayHoldSql(string file)
    {
        var path = Path.GetRelativePath(ControlPlane(), file);
        return path.EndsWith("Store.cs", StringComparison.Ordinal)
            || path.StartsWith("Storage/", StringComparison.Ordinal)
            || path.StartsWith("Audit/", StringComparison.Ordinal);
    }

    private static string ControlPlane()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "GrpcCa.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("the tests run outside of the source tree");
        return Path.Combine(directory.FullName, "src", "ControlPlane");
    }

    // A string that starts like a statement, or a session asked for one.
    [GeneratedRegex("""\.Sql\(|"\s*(SELECT\s+[\w*@(][^"]*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+TABLE\s|PRAGMA\s)""",
        RegexOptions.IgnoreCase | RegexOptions.Singleline, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Statement();

    [GeneratedRegex(@"[<>] @(\w+)\s+or\s+\(\w+ = @\1\b", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 5000)]
    private static partial Regex SlowPage();
}

using System.Text.Json.Nodes;
using Google.Protobuf;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GrpcCa.AdminCli.Output;

/// <summary>The only room's door to standard output: the same result as a table for people or as JSON for scripts.</summary>
internal sealed class Printer(CliEnvironment environment, OutputFormat format, bool colours)
{
    /// <summary>Whether a script reads the result: JSON or YAML instead of tables.</summary>
    public bool IsDocument => format is OutputFormat.Json or OutputFormat.Yaml;

    /// <summary>Prints what a list command fetched.</summary>
    public async Task ListAsync<T>(string member, IReadOnlyList<Column<T>> columns, PagedList<T> list) where T : IMessage
    {
        if (format == OutputFormat.Json)
        {
            await JsonText.WriteListAsync(environment.Out, member, list.PagesAsync(static row => JsonText.Of(row)), () => list.Truncated);
            return;
        }
        var rows = await list.ToListAsync();
        if (format == OutputFormat.Yaml)
        {
            Document(new JsonObject { [member] = JsonText.Of(rows.Cast<IMessage>()), ["truncated"] = list.Truncated });
            return;
        }
        if (rows.Count == 0) Note($"no {Words(member)}");
        else Table(columns, rows);
        if (list.Truncated) Note($"the first {rows.Count} only; more with --limit");
    }

    /// <summary>Prints one thing.</summary>
    public void One(IMessage message, IEnumerable<Field> fields)
    {
        if (IsDocument) Document(JsonText.Of(message));
        else Fields(fields);
    }

    public void Document(JsonNode node) => environment.Out.WriteLine(format == OutputFormat.Yaml ? YamlText.Format(node) : JsonText.Format(node));

    /// <summary>A message as one line of JSON, for what has no end.</summary>
    public void JsonLine(IMessage message)
    {
        environment.Out.WriteLine(JsonText.Line(message));
        environment.Out.Flush();
    }

    /// <summary>A line of the result, as it is: for pipes and copying.</summary>
    public void Line(string text) => environment.Out.WriteLine(text);

    /// <summary>A line for the person that is not part of the result.</summary>
    public void Note(string text) => environment.Error.WriteLine(PlainText.Of(text));

    public void Title(string text)
    {
        if (environment.OutIsTerminal && colours) Console().Write(new Text(text + "\n", new Style(decoration: Decoration.Bold)));
        else environment.Out.WriteLine(text);
    }

    public void Table<T>(IReadOnlyList<Column<T>> all, IEnumerable<T> rows)
    {
        var columns = all.Where(c => !c.WideOnly || format == OutputFormat.Wide).ToList();
        var table = new Table { Border = environment.OutIsTerminal ? TableBorder.Rounded : TableBorder.None, UseSafeBorder = true };
        foreach (var column in columns)
        {
            var head = new TableColumn(new Text(column.Title.ToUpperInvariant(), new Style(decoration: Decoration.Bold)));
            if (!column.Wraps) head.NoWrap();
            if (!environment.OutIsTerminal) head.Padding(0, 0, 2, 0);
            table.AddColumn(head);
        }
        foreach (var row in rows) table.AddRow(columns.Select(c => Render(c.Value(row))));
        Write(table);
    }

    public void Fields(IEnumerable<Field> fields)
    {
        var grid = new Grid();
        grid.AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2));
        grid.AddColumn(new GridColumn().PadLeft(0).PadRight(0));
        foreach (var field in fields) grid.AddRow(new Text(field.Label), Render(field.Value));
        Write(grid);
    }

    // Padding at the end of lines helps nobody in a pipe, so tables are rendered into memory first.
    private void Write(IRenderable renderable)
    {
        using var memory = new StringWriter { NewLine = "\n" };
        Console(memory).Write(renderable);
        foreach (var line in memory.ToString().TrimEnd('\n').Split('\n')) environment.Out.WriteLine(line.TrimEnd());
    }

    private static Text Render(Cell cell) => new(PlainText.Of(cell.Text), cell.Tone switch
    {
        Tone.Good => new Style(Color.Green),
        Tone.Warning => new Style(Color.Yellow),
        Tone.Bad => new Style(Color.Red),
        _ => Style.Plain,
    });

    private IAnsiConsole Console(TextWriter? writer = null)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer ?? environment.Out),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            EnvironmentVariables = new Dictionary<string, string>(StringComparer.Ordinal),
        });
        // A pipe has no width: rows stay whole, so that grep and cut see them.
        console.Profile.Width = environment.OutIsTerminal && format != OutputFormat.Wide ? environment.Width : 10_000;
        console.Profile.Capabilities.Unicode = environment.OutIsTerminal;
        return console;
    }

    // "nameRules" is "name rules" for people.
    private static string Words(string member) => string.Concat(member.Select(c => char.IsUpper(c) ? " " + char.ToLowerInvariant(c) : c.ToString()));
}

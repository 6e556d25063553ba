using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Storage;

public sealed partial class ParsedDocumentsTests
{
    private readonly ParsedDocuments<Note> documents = new(Notes.Default.Note);

    [Fact]
    public void The_same_text_is_parsed_once()
    {
        const string text = """{"Text":"a"}""";

        Assert.Same(documents.Read("1", text), documents.Read("1", text));
    }

    [Fact]
    public void What_was_written_is_not_parsed()
    {
        var note = new Note("a");

        Assert.Same(note, documents.Read("1", documents.Write("1", note)));
    }

    [Fact]
    public void A_write_that_was_undone_is_not_read()
    {
        documents.Write("1", new Note("undone"));

        Assert.Equal("a", documents.Read("1", """{"Text":"a"}""").Text);
    }

    [Fact]
    public void Another_text_of_the_row_is_another_value_also_when_the_first_comes_back()
    {
        var (first, second) = (documents.Write("1", new Note("a")), documents.Write("1", new Note("b")));

        Assert.Equal("a", documents.Read("1", first).Text);
        Assert.Equal("b", documents.Read("1", second).Text);
        Assert.Equal("a", documents.Read("1", first).Text);
        Assert.Equal("b", documents.Read("2", second).Text);
    }

    [Fact]
    public void Any_number_of_rows_can_be_read_and_few_are_kept()
    {
        var most = 0;
        for (var i = 0; i < 5000; i++)
        {
            Assert.Equal($"{i}", documents.Read($"{i}", documents.Write($"{i}", new Note($"{i}"))).Text);
            most = Math.Max(most, documents.Count);
        }
        Assert.Equal(ParsedDocuments<Note>.Most, most);
    }

    internal sealed record Note(string Text);

    [JsonSerializable(typeof(Note))]
    internal sealed partial class Notes : JsonSerializerContext;
}

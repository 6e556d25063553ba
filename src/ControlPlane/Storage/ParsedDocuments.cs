using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// Documents of rows that are read several times within a moment, parsed once: an issuance reads its authorization ten times,
/// and what this process wrote it need not parse. What is kept is compared with the row's text at every read, so that it can never
/// be older than the row, or of a write that was undone. Safe for parallel use; values are immutable.
/// </summary>
/// <param name="type">How a document is written and read.</param>
internal sealed class ParsedDocuments<T>(JsonTypeInfo<T> type)
    where T : class
{
    // Bounded: a full one starts anew, and a large document is parsed each time.
    internal const int Most = 512;
    private const int Largest = 4096;
    private readonly ConcurrentDictionary<string, Parsed> kept = new(StringComparer.Ordinal);
    private int count; // about; the dictionary's own takes all its locks

    internal int Count => kept.Count;

    /// <summary>The text of a row to be.</summary>
    public string Write(string id, T value)
    {
        var text = JsonSerializer.Serialize(value, type);
        Keep(id, new Parsed(text, value));
        return text;
    }

    /// <summary>The value of a row's text.</summary>
    public T Read(string id, string text)
    {
        if (kept.TryGetValue(id, out var parsed) && parsed.Text == text) return parsed.Value;
        var value = Parse(id, text);
        Keep(id, new Parsed(text, value));
        return value;
    }

    private T Parse(string id, string text) => JsonSerializer.Deserialize(text, type) ?? throw new InvalidOperationException($"the document of {id} is null");

    private void Keep(string id, Parsed parsed)
    {
        if (parsed.Text.Length > Largest) return;
        if (!kept.TryAdd(id, parsed))
        {
            kept[id] = parsed;
        }
        else if (Interlocked.Increment(ref count) > Most)
        {
            kept.Clear();
            Volatile.Write(ref count, 0);
        }
    }

    private sealed record Parsed(string Text, T Value);
}

using Google.Protobuf.Reflection;

namespace GrpcCa.AdminCli.Documents;

/// <summary>Enum values as people write them: <c>check</c> for <c>CAA_MODE_CHECK</c>.</summary>
internal static class EnumWords
{
    /// <summary>Every value but the one that means nothing.</summary>
    public static IEnumerable<string> All(EnumDescriptor values) => values.Values.Where(v => v.Number != 0).Select(Word);

    /// <summary>The value that the text names, in either form; null for none.</summary>
    public static EnumValueDescriptor? Find(EnumDescriptor values, string text) =>
        values.Values.FirstOrDefault(v => v.Number != 0 && (v.Name == text || Word(v) == text));

    public static string Word(EnumValueDescriptor value) => value.Name[(Prefix(value.EnumDescriptor.Name).Length)..].ToLowerInvariant().Replace('_', '-');

    // CaaMode → CAA_MODE_
    private static string Prefix(string name) =>
        string.Concat(name.Select((c, i) => i > 0 && char.IsAsciiLetterUpper(c) ? "_" + c : char.ToUpperInvariant(c).ToString())) + "_";
}

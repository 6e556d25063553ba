using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Filters;

/// <summary>One comparison of a filter.</summary>
/// <param name="Field">In proto notation.</param>
/// <param name="Operator">=, !=, &lt;, &lt;=, &gt; or &gt;=.</param>
/// <param name="Value">What it is compared with, without quotes.</param>
internal sealed record FilterTerm(string Field, string Operator, string Value);

/// <summary>
/// The part of AIP-160 that our lists take: <c>field op value</c>, joined by AND; values are words or in double quotes.
/// Which fields and operators a list has is its own table.
/// </summary>
internal sealed class FilterParser
{
    private const int MostTerms = 20;
    private readonly string text;
    private int at;

    private FilterParser(string text) => this.text = text;

    /// <param name="text">The filter; empty means everything.</param>
    /// <param name="fields">The operators that each field has.</param>
    /// <exception cref="RefusalException">InvalidArgument for the field <c>filter</c>, with the place of the fault.</exception>
    public static IReadOnlyList<FilterTerm> Parse(string text, IReadOnlyDictionary<string, string[]> fields)
    {
        var parser = new FilterParser(text);
        var terms = new List<FilterTerm>();
        parser.SkipBlanks();
        while (!parser.AtEnd)
        {
            if (terms.Count > 0) parser.ReadAnd();
            if (terms.Count == MostTerms) throw parser.Wrong($"has more than {MostTerms} comparisons");
            terms.Add(parser.ReadTerm(fields));
            parser.SkipBlanks();
        }
        return terms;
    }

    private bool AtEnd => at >= text.Length;

    private FilterTerm ReadTerm(IReadOnlyDictionary<string, string[]> fields)
    {
        var field = ReadWord();
        if (field.Length == 0) throw Wrong("lacks a field name");
        if (!fields.TryGetValue(field, out var operators))
            throw Wrong($"names the field '{field}'; this list has {string.Join(", ", fields.Keys)}");
        SkipBlanks();
        var op = ReadOperator();
        if (!operators.Contains(op)) throw Wrong($"compares '{field}' by '{op}'; it takes {string.Join(' ', operators)}");
        SkipBlanks();
        return new FilterTerm(field, op, ReadValue(field));
    }

    private void ReadAnd()
    {
        var word = ReadWord();
        if (word != "AND") throw Wrong("joins comparisons by something else than AND");
        SkipBlanks();
        if (AtEnd) throw Wrong("ends after AND");
    }

    private string ReadWord()
    {
        var start = at;
        while (!AtEnd && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '.')) at++;
        return text[start..at];
    }

    private string ReadOperator()
    {
        var start = at;
        while (!AtEnd && at - start < 2 && text[at] is ('=' or '!' or '<' or '>')) at++;
        return text[start..at];
    }

    private string ReadValue(string field)
    {
        if (AtEnd) throw Wrong($"lacks a value for '{field}'");
        if (text[at] == '"') return ReadQuoted();
        var start = at;
        while (!AtEnd && text[at] is not (' ' or '\t' or '"' or '=' or '<' or '>' or '!' or '(' or ')')) at++;
        return at > start ? text[start..at] : throw Wrong($"lacks a value for '{field}'");
    }

    private string ReadQuoted()
    {
        var value = new StringBuilder();
        for (at++; !AtEnd; at++)
        {
            if (text[at] == '"')
            {
                at++;
                return value.ToString();
            }
            if (text[at] == '\\')
            {
                at++;
                if (AtEnd || text[at] is not ('"' or '\\')) throw Wrong("has an escape other than \\\" and \\\\");
            }
            value.Append(text[at]);
        }
        throw Wrong("has a quote that does not end");
    }

    private void SkipBlanks()
    {
        while (!AtEnd && text[at] is (' ' or '\t')) at++;
    }

    private RefusalException Wrong(string fault) =>
        new(RefusalReason.InvalidArgument, $"the filter {fault} (at character {Math.Min(at, text.Length) + 1})") { Field = "filter" };
}

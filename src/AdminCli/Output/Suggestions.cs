namespace GrpcCa.AdminCli.Output;

/// <summary>Finds the known word that a person probably meant.</summary>
internal static class Suggestions
{
    /// <summary>The closest candidate within a third of the word's length, or null.</summary>
    public static string? Closest(string word, IEnumerable<string> candidates)
    {
        var best = candidates.Select(c => (Word: c, Distance: Distance(word, c))).OrderBy(c => c.Distance).FirstOrDefault();
        return best.Word is not null && best.Distance <= Math.Max(2, word.Length / 3) && best.Distance < word.Length ? best.Word : null;
    }

    // Levenshtein over one row.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitute = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}

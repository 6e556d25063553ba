namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>What a drill came to, in a line for people: <c>./test</c> and <c>./bench durability</c> show it.</summary>
internal static class Figures
{
    public static async Task TellAsync(string drill, string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{drill}: {line}");
        if (Environment.GetEnvironmentVariable("DURABILITY_FIGURES") is not { Length: > 0 } directory) return;
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, drill + ".txt"), $"{drill}: {line}\n");
    }

    public static string Starts(IReadOnlyList<TimeSpan> starts)
    {
        var sorted = starts.Order().ToList();
        return $"ready after {sorted[sorted.Count / 2].TotalSeconds:0.00} s (median), {sorted[^1].TotalSeconds:0.00} s (longest)";
    }

    public static string Done(Ledger ledger, Rows rows) =>
        $"{ledger.Downloads.Count} certificates downloaded, {ledger.CountOf("revocations")} revocations, {ledger.CountOf("batches")} batches, {ledger.CountOf("key changes")} key changes, "
        + $"{ledger.CountOf("provisioner edits")} edits, {ledger.Answers} requests answered and {ledger.Unanswered} not, {ledger.CountOf("finalized again")} finalized again, "
        + $"{rows.Plans.Values.Count(p => p.Outcome == "never_issued")} plans never issued";
}

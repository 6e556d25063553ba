using System.Text.Json.Nodes;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>What a drill came to, in a line for people and as numbers: <c>./test</c> and <c>./bench durability</c> show it.</summary>
internal static class Figures
{
    public static async Task TellAsync(string drill, string line, IReadOnlyDictionary<string, double> numbers)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{drill}: {line}");
        if (Environment.GetEnvironmentVariable("DURABILITY_FIGURES") is not { Length: > 0 } directory) return;
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, drill + ".txt"), $"{drill}: {line}\n");
        var json = new JsonObject { ["drill"] = drill };
        foreach (var (name, number) in numbers) json[name] = Math.Round(number, 3);
        await File.WriteAllTextAsync(Path.Combine(directory, drill + ".json"), json.ToJsonString());
    }

    /// <summary>What clients and operators did meanwhile, and how long starts took.</summary>
    public static Dictionary<string, double> Of(Drill drill, Rows rows)
    {
        var (ledger, starts) = (drill.Ledger, drill.Plane.Starts.Order().ToList());
        return new Dictionary<string, double>
        {
            ["certificates"] = ledger.Downloads.Count,
            ["revocations"] = ledger.Revoked.Count,
            ["keyChanges"] = ledger.CountOf("key changes"),
            ["provisionerEdits"] = ledger.CountOf("provisioner edits"),
            ["answered"] = ledger.Answers,
            ["unanswered"] = ledger.Unanswered,
            ["finalizedAgain"] = ledger.CountOf("finalized again"),
            ["neverIssued"] = rows.Plans.Values.Count(p => p.Outcome == "never_issued"),
            ["readyMedianSeconds"] = starts[starts.Count / 2].TotalSeconds,
            ["readyLongestSeconds"] = starts[^1].TotalSeconds,
        };
    }

    /// <summary>The same as a sentence.</summary>
    public static string Line(IReadOnlyDictionary<string, double> of) =>
        $"{of["certificates"]} certificates downloaded, {of["revocations"]} revocations, {of["keyChanges"]} key changes and {of["provisionerEdits"]} edits acknowledged; "
        + $"{of["unanswered"]} of {of["unanswered"] + of["answered"]} requests without an answer, {of["finalizedAgain"]} finalized again, {of["neverIssued"]} plans never issued; "
        + $"ready after {of["readyMedianSeconds"]:0.00} s (median), {of["readyLongestSeconds"]:0.00} s (longest)";
}

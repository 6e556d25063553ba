using System.Text;
using System.Text.Json;
using GrpcCa.Load.Measures;

namespace GrpcCa.Load;

/// <summary>The result of a run, as text for people and as JSON for programs.</summary>
internal sealed record Report(
    string Label, LoadMode Mode, int Clients, double Seconds, int Done, double Rate, double P50, double P95, double P99, double Max, double LongestGap,
    double LoadCpuMs, double ServerCpuMs, long MemoryStart, long MemoryEnd, long MemoryPeak, double BytesWritten, double BytesPassed, double FileBytes,
    int NonceRetries, double ExtraPolls, IReadOnlyDictionary<Step, double> Steps, IReadOnlyDictionary<string, int> Errors, IReadOnlyDictionary<string, string> Examples, IReadOnlyCollection<int> Ended)
{
    public static Report Of(
        LoadOptions options, Tally tally, IEnumerable<(StepTimes Steps, int NonceRetries)> clients, TimeSpan elapsed, TimeSpan ownCpu,
        ServerReading before, ServerReading after, ServerWatch watch)
    {
        var sorted = tally.Sorted();
        var each = Math.Max(1, sorted.Length);
        var all = clients.ToList();
        return new Report(
            options.Label, options.Mode, options.Clients, elapsed.TotalSeconds, sorted.Length, sorted.Length / elapsed.TotalSeconds,
            Tally.Percentile(sorted, 0.50), Tally.Percentile(sorted, 0.95), Tally.Percentile(sorted, 0.99), Tally.Percentile(sorted, 1), tally.LongestGap,
            ownCpu.TotalMilliseconds / each, (after.CpuSeconds - before.CpuSeconds) * 1000 / each, before.Memory, after.Memory, watch.Peak,
            (double)(after.BytesWritten - before.BytesWritten) / each, (double)(after.BytesPassed - before.BytesPassed) / each,
            (double)(after.FileBytes - before.FileBytes) / each,
            all.Sum(c => c.NonceRetries), (double)all.Sum(c => c.Steps.ExtraPolls) / each,
            Enum.GetValues<Step>().ToDictionary(step => step, step => all.Sum(c => c.Steps.Milliseconds(step)) / each), tally.Errors, tally.Examples, watch.Ended);
    }

    public string ToText()
    {
        var text = new StringBuilder();
        text.Append($"{(Label.Length > 0 ? Label + ": " : "")}{Mode.ToString().ToLowerInvariant()}, {Clients} clients, {Seconds:F1} s: {Done} done, {Rate:F1}/s\n");
        text.Append($"  latency ms: p50 {P50:F1}  p95 {P95:F1}  p99 {P99:F1}  max {Max:F1}; longest silence {LongestGap:F1}\n");
        text.Append($"  CPU ms each: load {LoadCpuMs:F3}");
        if (MemoryPeak > 0)
            text.Append($", server {ServerCpuMs:F3}\n  memory MiB: {Mebi(MemoryStart):F1} to {Mebi(MemoryEnd):F1}, peak {Mebi(MemoryPeak):F1}; bytes each: {BytesWritten:F0} to disk, {FileBytes:F0} of files");
        text.Append('\n');
        if (Mode == LoadMode.Issue)
            text.Append($"  mean ms: {string.Join("  ", Steps.Select(step => $"{step.Key} {step.Value:F2}"))}; extra polls {ExtraPolls:F2}; nonce retries {NonceRetries}\n");
        if (Ended.Count > 0) text.Append($"  ended before the run was over: {string.Join(", ", Ended)}; a process that took its place is not measured\n");
        foreach (var (kind, count) in Errors) text.Append($"  error {count} x {kind}: {Examples[kind]}\n");
        return text.ToString();
    }

    public void WriteJson(string file)
    {
        using var stream = File.Create(file);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("label", Label);
        json.WriteString("mode", Mode.ToString().ToLowerInvariant());
        json.WriteNumber("clients", Clients);
        json.WriteNumber("done", Done);
        foreach (var (name, value) in Numbers()) json.WriteNumber(name, Math.Round(value, 4));
        json.WriteStartObject("stepMs");
        foreach (var (step, value) in Steps) json.WriteNumber(step.ToString(), Math.Round(value, 4));
        json.WriteEndObject();
        json.WriteStartArray("endedProcesses");
        foreach (var process in Ended) json.WriteNumberValue(process);
        json.WriteEndArray();
        json.WriteStartObject("errors");
        foreach (var (kind, count) in Errors) json.WriteNumber(kind, count);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private IEnumerable<(string Name, double Value)> Numbers() =>
    [
        ("seconds", Seconds), ("perSecond", Rate), ("p50Ms", P50), ("p95Ms", P95), ("p99Ms", P99), ("maxMs", Max), ("longestSilenceMs", LongestGap),
        ("loadCpuMs", LoadCpuMs), ("serverCpuMs", ServerCpuMs), ("memoryStart", MemoryStart), ("memoryEnd", MemoryEnd), ("memoryPeak", MemoryPeak),
        ("diskBytesEach", BytesWritten), ("passedBytesEach", BytesPassed), ("fileBytesEach", FileBytes), ("nonceRetries", NonceRetries), ("extraPollsEach", ExtraPolls),
    ];

    private static double Mebi(long bytes) => bytes / 1048576.0;
}

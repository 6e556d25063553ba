using System.Globalization;

namespace GrpcCa.Load.Measures;

/// <summary>What the operating system says about the processes of the server: CPU, memory, bytes written, file sizes.</summary>
internal sealed class ServerWatch(IReadOnlyList<int> processes, IReadOnlyList<string> files)
{
    private const double TicksPerSecond = 100;
    private long peak;

    /// <summary>The most memory seen at once in all processes, in bytes.</summary>
    public long Peak => peak;

    public ServerReading Read()
    {
        double cpu = 0;
        long written = 0, called = 0;
        foreach (var process in processes)
        {
            // proc(5): after the name in brackets, fields 14 and 15 are user and system time.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            cpu += (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
            written += Field($"/proc/{process}/io", "write_bytes:");
            called += Field($"/proc/{process}/io", "wchar:");
        }
        return new ServerReading(cpu, Memory(), written, called, files.Sum(SizeOf));
    }

    /// <summary>Looks at the memory until the run is over.</summary>
    public async Task SampleAsync(CancellationToken cancellationToken)
    {
        if (processes.Count == 0) return;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        try
        {
            do peak = Math.Max(peak, Memory());
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private long Memory() => processes.Sum(process => Field($"/proc/{process}/status", "VmRSS:") * 1024);

    private static long Field(string file, string name)
    {
        foreach (var line in File.ReadLines(file))
            if (line.StartsWith(name, StringComparison.Ordinal))
                return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        return 0;
    }

    private static long SizeOf(string path) => Directory.Exists(path)
        ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
        : File.Exists(path) ? new FileInfo(path).Length : 0;
}

/// <summary>One look at the server.</summary>
internal readonly record struct ServerReading(double CpuSeconds, long Memory, long BytesWritten, long BytesPassed, long FileBytes);

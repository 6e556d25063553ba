using System.Globalization;

namespace GrpcCa.Load.Measures;

/// <summary>What the operating system says about the processes of the server: CPU, memory, bytes written, file sizes.</summary>
internal sealed class ServerWatch(IReadOnlyList<int> processes, IReadOnlyList<string> files)
{
    private const double TicksPerSecond = 100;

    private readonly Lock gate = new();
    // As each was seen last: a process that has ended goes on having used what it used.
    private readonly ProcessReading[] last = new ProcessReading[processes.Count];
    private readonly SortedSet<int> ended = [];
    private long peak;

    /// <summary>The most memory seen at once in all processes, in bytes.</summary>
    public long Peak => peak;

    /// <summary>Processes that have ended since the first look.</summary>
    public IReadOnlyCollection<int> Ended => ended;

    /// <summary>The first look.</summary>
    /// <exception cref="IOException">A process is not there.</exception>
    public ServerReading Begin() => Read(mayHaveEnded: false);

    public ServerReading Read() => Read(mayHaveEnded: true);

    private ServerReading Read(bool mayHaveEnded)
    {
        lock (gate)
        {
            Look(mayHaveEnded);
            return new ServerReading(last.Sum(p => p.CpuSeconds), last.Sum(p => p.Memory), last.Sum(p => p.BytesWritten), last.Sum(p => p.BytesPassed), files.Sum(SizeOf));
        }
    }

    private void Look(bool mayHaveEnded)
    {
        for (var i = 0; i < processes.Count; i++)
        {
            if (ended.Contains(processes[i])) continue;
            try
            {
                last[i] = Of(processes[i]);
            }
            catch (IOException) when (mayHaveEnded)
            {
                ended.Add(processes[i]);
                last[i] = last[i] with { Memory = 0 };
            }
        }
        peak = Math.Max(peak, last.Sum(p => p.Memory));
    }

    /// <summary>Looks at the memory until the run is over.</summary>
    public async Task SampleAsync(CancellationToken cancellationToken)
    {
        if (processes.Count == 0) return;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
                lock (gate) Look(mayHaveEnded: true);
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private static ProcessReading Of(int process)
    {
        // proc(5): after the name in brackets, fields 14 and 15 are user and system time.
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        if (fields[0] == "Z") throw new IOException($"process {process} has ended");
        var ticks = double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture);
        var io = $"/proc/{process}/io";
        return new ProcessReading(ticks / TicksPerSecond, Field($"/proc/{process}/status", "VmRSS:") * 1024, Field(io, "write_bytes:"), Field(io, "wchar:"));
    }

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

/// <summary>One look at a process.</summary>
internal readonly record struct ProcessReading(double CpuSeconds, long Memory, long BytesWritten, long BytesPassed);

/// <summary>One look at the server.</summary>
internal readonly record struct ServerReading(double CpuSeconds, long Memory, long BytesWritten, long BytesPassed, long FileBytes);

using System.Globalization;

namespace GrpcCa.Load;

/// <summary>What is measured.</summary>
internal enum LoadMode
{
    Issue,
    Nonce,
    Directory,
    Start,
    Malformed,
}

/// <summary>The options of a run, read from the command line.</summary>
internal sealed record LoadOptions
{
    public const string Usage = """
        grpcca-load --directory URL [options]    drives an ACME server (RFC 8555) and measures it

          --mode MODE                    issue: whole issuances with http-01 (default); nonce: HEAD newNonce; directory: GET;
                                         start: how long COMMAND takes until the directory answers;
                                         malformed: CPU of the server for each kind of request that it refuses
          --ca FILE                      root certificates of the server's TLS, PEM; without it nothing is verified
          --clients N                    clients at once, each with an account and a connection; default 8
          --threads N                    threads that they share; default half of the processors, one at least
          --seconds S                    measured time; default 10
          --count N                      stop after N; default as many as the time allows
          --warmup S                     time before it that does not count; default 3
          --names SUFFIX                 orders are for NAME.SUFFIX, each name once; default bench.test
          --http-port N                  http-01 is answered here, on 127.0.0.1; default 80
          --dns-port N                   every name is answered with 127.0.0.1 here; default none
          --processes PID,PID            processes of the server whose CPU, memory and writes are read from /proc
          --files PATH,PATH              the server's database, files or directories
          --command TEXT                 with --mode start: a shell command; it is stopped by SIGTERM, --count times
          --ready LINE                   with --mode start: ready is when it prints this line, not when the directory answers
          --label TEXT                   goes into the report
          --json FILE                    writes the report there too

        Exit codes: 0 done, 1 the run failed, 2 a bad option, 3 some requests failed.
        """;

    public required Uri Directory { get; init; }

    public LoadMode Mode { get; init; }

    public string? CaFile { get; init; }

    public int Clients { get; init; } = 8;

    public int Threads { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    public TimeSpan Measured { get; init; } = TimeSpan.FromSeconds(10);

    public int Count { get; init; } = int.MaxValue;

    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(3);

    public string Names { get; init; } = "bench.test";

    public int HttpPort { get; init; } = 80;

    public int? DnsPort { get; init; }

    public IReadOnlyList<int> Processes { get; init; } = [];

    public IReadOnlyList<string> Files { get; init; } = [];

    public string Command { get; init; } = "";

    public string? ReadyLine { get; init; }

    public string Label { get; init; } = "";

    public string? JsonFile { get; init; }

    /// <exception cref="FormatException">An option is unknown, lacks its value, or the value does not fit.</exception>
    public static LoadOptions Parse(IReadOnlyList<string> arguments)
    {
        Uri? directory = null;
        var options = new LoadOptions { Directory = new Uri("https://localhost/") };
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (i + 1 == arguments.Count) throw new FormatException($"{arguments[i]} needs a value");
            var value = arguments[i + 1];
            if (arguments[i] == "--directory") directory = new Uri(value, UriKind.Absolute);
            else options = options.With(arguments[i], value);
        }
        return options with { Directory = directory ?? throw new FormatException("--directory is missing") };
    }

    private LoadOptions With(string name, string value) => name switch
    {
        "--mode" => this with { Mode = Enum.TryParse<LoadMode>(value, ignoreCase: true, out var mode) ? mode : throw new FormatException($"'{value}' is none of issue, nonce, directory, start, malformed") },
        "--ca" => this with { CaFile = value },
        "--clients" => this with { Clients = Number(name, value, 1) },
        "--threads" => this with { Threads = Number(name, value, 1) },
        "--seconds" => this with { Measured = Seconds(name, value) },
        "--count" => this with { Count = Number(name, value, 1) },
        "--warmup" => this with { WarmUp = Seconds(name, value) },
        "--names" => this with { Names = value },
        "--http-port" => this with { HttpPort = Number(name, value, 1) },
        "--dns-port" => this with { DnsPort = Number(name, value, 1) },
        "--processes" => this with { Processes = [.. value.Split(',').Select(pid => Number(name, pid, 1))] },
        "--files" => this with { Files = value.Split(',') },
        "--command" => this with { Command = value },
        "--ready" => this with { ReadyLine = value },
        "--label" => this with { Label = value },
        "--json" => this with { JsonFile = value },
        _ => throw new FormatException($"unknown option '{name}'; --help lists them"),
    };

    private static int Number(string name, string value, int least) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number : throw new FormatException($"'{value}' of {name} is not a number from {least}");

    private static TimeSpan Seconds(string name, string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0
            ? TimeSpan.FromSeconds(seconds) : throw new FormatException($"'{value}' of {name} is not a number of seconds");
}

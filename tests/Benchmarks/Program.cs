using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace GrpcCa.Benchmarks;

/// <summary>
/// Measures what has to stay cheap however large an installation gets. In this process: the code is internal to the control
/// plane, and a store of a million certificates is made once.
/// </summary>
internal static class Program
{
    private const int Million = 1_000_000;

    // A million certificates are made within it.
    private static readonly TimeSpan LongEnough = TimeSpan.FromHours(1);

    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["reads"]: return await new SmallReads().RunAsync();
            case ["sweep", ..]: return await new OrdersComeAndGo(CountAt(args, 1)).RunAsync();
            case ["fill", var path, ..]: return await new FillStore(path, CountAt(args, 2)).RunAsync();
            default:
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(
                    args.Length > 0 ? args : ["--filter", "*"],
                    DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(new InProcessEmitToolchain(LongEnough, logOutput: true))).WithArtifactsPath(Path.Combine("artifacts", "benchmarks")));
                return 0;
        }
    }

    private static int CountAt(string[] args, int place) => args.Length > place ? int.Parse(args[place], NumberStyles.AllowThousands, CultureInfo.InvariantCulture) : Million;
}

using System.Diagnostics;

namespace GrpcCa.AdminCli.Tests;

/// <summary>Polls a condition, with a bound.</summary>
internal static class Waiting
{
    public static async Task UntilAsync(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "the condition did not come true within 20 s");
            await Task.Yield();
        }
    }
}

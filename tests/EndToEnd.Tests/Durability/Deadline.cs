using System.Diagnostics;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>A bound on a loop that asks again and again.</summary>
internal sealed class Deadline(TimeSpan bound, string what)
{
    private readonly long began = Stopwatch.GetTimestamp();

    /// <exception cref="TimeoutException">The bound is passed.</exception>
    public Task PauseAsync(TimeSpan pause) =>
        Stopwatch.GetElapsedTime(began) < bound ? Task.Delay(pause) : throw new TimeoutException($"{what} within {bound}");
}

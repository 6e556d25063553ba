using GrpcCa.Gateway.ControlPlane;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>The one background loop: sleeps until the next duty is due and does it.</summary>
internal sealed class Upkeep(IReadOnlyList<Duty> duties, TimeProvider time, ILogger<Upkeep> log)
{
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                var sleep = duties.Min(d => d.DueAt) - time.GetUtcNow();
                await Task.Delay(sleep < ShortestSleep ? ShortestSleep : sleep > LongestSleep ? LongestSleep : sleep, time, ct);
                foreach (var duty in duties) await duty.RunAsync(ct);
            }
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            // The gateway stops.
        }
        catch (Exception fault)
        {
            log.UpkeepStopped(fault);
            throw;
        }
    }
}

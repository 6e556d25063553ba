using Grpc.Core;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Host.Identity;
using GrpcCa.V1;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>
/// Asks for the configuration every few seconds, and when a client asks for a provisioner that is not known yet; new
/// identity roots are trusted from then on.
/// </summary>
internal sealed class ConfigDuty(ConfigBook book, ControlPlaneLink link, CallPolicy calls, IdentityStore store, TimeSpan interval, TimeProvider time, ILogger<ConfigDuty> log)
    : Duty("Fetching the configuration", time, log)
{
    // However many ask for what is not there, the control plane is asked once a second at most.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private Task asking = Task.CompletedTask;
    private DateTimeOffset due = time.GetUtcNow();
    private long asked; // by the clock that nobody sets; 0 before the first time

    protected override DateTimeOffset Due => due;

    // Away or refused: tried at the usual pace, then slower.
    protected override TimeSpan LongestWait => interval > TimeSpan.FromSeconds(30) ? interval : TimeSpan.FromSeconds(30);

    protected override Task DoAsync(CancellationToken ct)
    {
        lock (gate)
        {
            if (asking.IsCompleted) asking = AskAsync(ct);
            return asking;
        }
    }

    private async Task AskAsync(CancellationToken ct)
    {
        asked = Time.GetTimestamp();
        Accept(await calls.ReadAsync(options => link.Gateways.GetGatewayConfigAsync(new GetGatewayConfigRequest(), options), ct));
        due = Time.GetUtcNow() + interval;
    }

    /// <summary>
    /// Returns once the configuration is one of this moment or later; whoever asks soon after another waits and shares its
    /// answer. Without the control plane what is known stays.
    /// </summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        var come = Time.GetTimestamp();
        var early = asked == 0 ? TimeSpan.Zero : Pause - Time.GetElapsedTime(asked, come);
        if (early > TimeSpan.Zero) await Task.Delay(early, Time, ct);
        try
        {
            // Whoever waits may leave; the asking goes on for the others.
            await (asked >= come ? asking : DoAsync(CancellationToken.None)).WaitAsync(ct);
        }
        catch (Exception fault) when (fault is RpcException or BrokenCircuitException or InvalidDataException or IOException)
        {
            Log.RefreshFailed(fault.Message);
        }
    }

    /// <summary>Serves a configuration from now on.</summary>
    public void Accept(GatewayConfig config)
    {
        if (config.IdentityRootDers.Count > 0)
        {
            var roots = config.IdentityRootDers.Select(r => r.ToByteArray()).ToList();
            var known = link.Trust.RootDers;
            if (roots.Count != known.Count || roots.Any(r => !known.Any(k => k.AsSpan().SequenceEqual(r))))
            {
                store.SaveRoots(roots);
                link.Trust.RootDers = roots;
            }
        }
        if (book.Accept(config)) Log.ConfigChanged(config.Etag);
    }
}

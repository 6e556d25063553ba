using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Host.Identity;
using GrpcCa.V1;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>Asks for the configuration every few seconds; new identity roots are trusted from then on.</summary>
internal sealed class ConfigDuty(ConfigBook book, ControlPlaneLink link, CallPolicy calls, IdentityStore store, TimeSpan interval, TimeProvider time, ILogger<ConfigDuty> log)
    : Duty("Fetching the configuration", time, log)
{
    private DateTimeOffset due = time.GetUtcNow();

    protected override DateTimeOffset Due => due;

    // Away or refused: tried at the usual pace, then slower.
    protected override TimeSpan LongestWait => interval > TimeSpan.FromSeconds(30) ? interval : TimeSpan.FromSeconds(30);

    protected override async Task DoAsync(CancellationToken ct)
    {
        Accept(await calls.ReadAsync(options => link.Gateways.GetGatewayConfigAsync(new GetGatewayConfigRequest(), options), ct));
        due = Time.GetUtcNow() + interval;
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

using Grpc.Net.Client;
using GrpcCa.Protocol.Identity;
using GrpcCa.V1;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>
/// The gateway's one connection to the control plane. A renewed identity opens a new channel; calls under way end on
/// the old one.
/// </summary>
internal sealed class ControlPlaneLink : IDisposable
{
    private readonly TimeProvider time;
    private readonly TimeSpan drain;
    private readonly Lock gate = new();
    private readonly List<(GrpcChannel Channel, ITimer Timer)> draining = [];
    private GrpcChannel channel;
    private int epoch;

    public ControlPlaneLink(StoredIdentity identity, TimeSpan drain, TimeProvider time)
    {
        this.time = time;
        this.drain = drain;
        Identity = identity;
        Trust = new PeerTrust(identity.RootDers, time);
        channel = Open(identity);
        (Acme, Gateways, Public) = (AcmeOver(channel), new(channel), new(channel));
    }

    public PeerTrust Trust { get; }

    public StoredIdentity Identity { get; private set; }

    public AcmeService.AcmeServiceClient Acme { get; private set; }

    public GatewayService.GatewayServiceClient Gateways { get; private set; }

    public TrustService.TrustServiceClient Public { get; private set; }

    /// <summary>Counts connections: what came from an earlier one may be from another replica.</summary>
    public int Epoch => Volatile.Read(ref epoch);

    /// <summary>Calls from now on use the new identity.</summary>
    public void Replace(StoredIdentity identity)
    {
        lock (gate)
        {
            var before = channel;
            channel = Open(identity);
            (Identity, Acme, Gateways, Public) = (identity, AcmeOver(channel), new(channel), new(channel));
            draining.Add((before, time.CreateTimer(_ => Drained(before), null, drain, Timeout.InfiniteTimeSpan)));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var (old, timer) in draining)
            {
                timer.Dispose();
                old.Dispose();
            }
            draining.Clear();
            channel.Dispose();
        }
    }

    private GrpcChannel Open(StoredIdentity identity) =>
        ControlPlaneChannel.Open(identity.Endpoint, Trust, identity.Certificate, () => Interlocked.Increment(ref epoch));

    // The stream of calls ends with its channel.
    private AcmeService.AcmeServiceClient AcmeOver(GrpcChannel over) => new(new ExchangeInvoker(over.CreateCallInvoker(), () => Epoch));

    private void Drained(GrpcChannel old)
    {
        lock (gate)
        {
            var index = draining.FindIndex(d => ReferenceEquals(d.Channel, old));
            if (index < 0) return;
            draining[index].Timer.Dispose();
            draining.RemoveAt(index);
        }
        old.Dispose();
    }
}

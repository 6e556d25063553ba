using Grpc.Core;
using Polly.CircuitBreaker;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>
/// A stock of nonces, so that new-nonce and the answers to POSTs cost no round trip (DESIGN §6). Bounded, refilled in
/// the background at half, and emptied by age and by every new connection, which may lead to another replica.
/// </summary>
/// <param name="mint">Asks the control plane for that many nonces.</param>
/// <param name="epoch">The connection now; nonces of another are void.</param>
/// <param name="options">Batch size, age, waiting time.</param>
/// <param name="time">The clock for age and waiting.</param>
internal sealed class NoncePool(Func<int, Task<IReadOnlyList<string>>> mint, Func<int> epoch, GatewayOptions options, TimeProvider time)
{
    private const int MostAtOnce = 1000;
    private readonly Lock gate = new();
    private readonly Queue<Stocked> stock = new();
    private int batch = options.NonceBatch;
    private Task<bool>? refill;

    private readonly record struct Stocked(string Nonce, int Epoch, long At);

    /// <summary>Begins to fill the stock, so that the first client need not wait.</summary>
    public void Fill()
    {
        lock (gate) _ = StartRefill();
    }

    /// <summary>A nonce from the stock; null when there is none. Never waits.</summary>
    public string? TryTake()
    {
        lock (gate)
        {
            var now = epoch();
            string? found = null;
            while (found is null && stock.TryDequeue(out var next))
            {
                if (next.Epoch == now && time.GetElapsedTime(next.At) <= options.NonceMaxAge) found = next.Nonce;
                else batch = options.NonceBatch;
            }
            if (found is null && refill is not null && batch < MostAtOnce) batch = Math.Min(batch * 2, MostAtOnce);
            if (stock.Count <= batch / 2) _ = StartRefill();
            return found;
        }
    }

    /// <summary>A nonce, after a bounded wait when the stock is empty; null when none came.</summary>
    public async ValueTask<string?> TakeAsync()
    {
        var start = time.GetTimestamp();
        while (true)
        {
            if (TryTake() is { } nonce) return nonce;
            Task<bool> pending;
            lock (gate) pending = StartRefill();
            var left = options.NonceWait - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) return null;
            try
            {
                if (!await pending.WaitAsync(left, time)) return null;
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    private Task<bool> StartRefill() => refill ??= Task.Run(RefillAsync);

    private async Task<bool> RefillAsync()
    {
        IReadOnlyList<string> fresh = [];
        var from = 0;
        try
        {
            // The first call may itself open the connection; then nobody knows which one its nonces came by.
            for (var attempt = 0; attempt < 3 && fresh.Count == 0; attempt++)
            {
                from = epoch();
                var minted = await mint(Volatile.Read(ref batch));
                if (epoch() == from) fresh = minted;
            }
        }
        catch (Exception fault) when (fault is RpcException or BrokenCircuitException)
        {
            // Who waits is told by the result; LinkState has logged the cause.
        }
        finally
        {
            lock (gate)
            {
                var at = time.GetTimestamp();
                foreach (var nonce in fresh) stock.Enqueue(new Stocked(nonce, from, at));
                refill = null;
            }
        }
        return fresh.Count > 0;
    }
}

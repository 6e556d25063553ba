using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>What a request took from its buckets; it goes back when the request comes to nothing.</summary>
internal sealed class TakenTokens(LimitBuckets buckets, TimeProvider time, ImmutableArray<BucketClaim> claims)
{
    public void Return() => buckets.Return(claims, time.GetUtcNow());

    /// <summary>Does what the tokens are for. They go back when it throws, or when its result says that nothing was added.</summary>
    /// <param name="act">What they are for.</param>
    /// <param name="added">Whether the result is something new; null means always.</param>
    public async Task<T> SpendAsync<T>(Func<Task<T>> act, Func<T, bool>? added = null)
    {
        var spent = false;
        try
        {
            var result = await act();
            spent = added is null || added(result);
            return result;
        }
        finally
        {
            if (!spent) Return();
        }
    }
}

using System.Runtime.CompilerServices;

namespace GrpcCa.AdminCli.Output;

/// <summary>One page of an answer.</summary>
internal readonly record struct Page<T>(IReadOnlyList<T> Items, string NextToken);

/// <summary>Walks the pages of a list until its end or the limit, and then knows whether there was more.</summary>
internal sealed class PagedList<T>(Func<int, string, Task<Page<T>>> fetch, int limit)
{
    // What the server gives at most (AIP-158).
    private const int LargestPage = 1000;

    /// <summary>True once the walk ended at the limit although there was more.</summary>
    public bool Truncated { get; private set; }

    public async IAsyncEnumerable<IReadOnlyList<TResult>> PagesAsync<TResult>(Func<T, TResult> select, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var left = limit;
        var token = "";
        do
        {
            cancel.ThrowIfCancellationRequested();
            var page = await fetch(Math.Min(left, LargestPage), token);
            token = page.NextToken;
            var items = page.Items.Take(left).Select(select).ToList();
            Truncated = items.Count < page.Items.Count;
            left -= items.Count;
            yield return items;
        }
        while (token.Length > 0 && left > 0);
        Truncated |= token.Length > 0;
    }

    /// <summary>All of it, up to the limit.</summary>
    public async Task<List<T>> ToListAsync()
    {
        var all = new List<T>();
        await foreach (var page in PagesAsync(static item => item)) all.AddRange(page);
        return all;
    }
}

using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>
/// What every engine must keep. The suite runs on each with the same text per query; a second store on the same data
/// stands for another process.
/// </summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    private readonly List<IStore> opened = [];
    private StoreOptions options = new();

    private protected IStore Store { get; private set; } = null!;

    private protected StoreOptions Options => options;

    private protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        options = await NewDataAsync();
        Store = await OpenAsync();
        await Store.WriteAsync(
            session => session.Sql("CREATE TABLE marks (name TEXT PRIMARY KEY, number BIGINT NOT NULL)").ExecuteAsync(), Cancelled);
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var store in opened) await store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Options for data that no test has used.</summary>
    private protected abstract Task<StoreOptions> NewDataAsync();

    /// <summary>What stands between a test and its store.</summary>
    private protected virtual IStore Wrap(IStore store) => store;

    private protected async Task<IStore> OpenAsync()
    {
        var store = Wrap(await StoreFactory.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Cancelled));
        opened.Add(store);
        return store;
    }

    private protected static async ValueTask<int> MarkAsync(StoreSession session, string name, long number = 0) =>
        await session.Sql("INSERT INTO marks (name, number) VALUES (@name, @number)").With("name", name).With("number", number).ExecuteAsync();

    private protected static async ValueTask<long> CountAsync(StoreSession session) =>
        await session.Sql("SELECT count(*) FROM marks").NumberAsync();

    private protected async Task<string[]> NamesAsync() => [.. await Store.ReadAsync(
        session => session.Sql("SELECT name FROM marks ORDER BY name").ListAsync(row => row.GetString(0)), Cancelled)];

    private protected static AuditEvent Event(string resource) => new(
        DateTimeOffset.UnixEpoch, "test.do", "system", resource, [KeyValuePair.Create("why", "a test")]);

    /// <summary>Starts writes that all wait behind one that is held up, so that a writer that groups has them in one group.</summary>
    private protected async Task<Task<int>[]> TogetherAsync(params Func<StoreSession, ValueTask<int>>[] writes)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = Store.WriteAsync(async _ =>
        {
            begun.TrySetResult();
            await go.Task;
            return 0;
        }, Cancelled);
        await begun.Task;
        var tasks = writes.Select(write => Store.WriteAsync(write, Cancelled)).ToArray();
        go.SetResult();
        await first;
        return tasks;
    }
}

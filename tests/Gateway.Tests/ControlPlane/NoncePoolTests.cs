using Grpc.Core;
using GrpcCa.Gateway.ControlPlane;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.Gateway.Tests.ControlPlane;

public sealed class NoncePoolTests
{
    private readonly FakeTimeProvider time = new();
    private readonly GatewayOptions options = new() { NonceBatch = 64, NonceMaxAge = TimeSpan.FromMinutes(2), NonceWait = TimeSpan.FromSeconds(2) };
    private int epoch;
    private int calls;
    private int next;

    [Fact]
    public async Task Take_ManyAtOnce_NeverGivesOneTwice()
    {
        var pool = Pool();
        var taken = await Task.WhenAll(Enumerable.Range(0, 5000).Select(_ => Task.Run(async () => await pool.TakeAsync())));
        Assert.All(taken, nonce => Assert.NotNull(nonce));
        Assert.Equal(5000, taken.Distinct().Count());
        Assert.InRange(calls, 5, 100);
    }

    [Fact]
    public async Task Take_MoreThanTheStock_AsksForLargerBatches()
    {
        var gate = new TaskCompletionSource();
        var counts = new System.Collections.Concurrent.ConcurrentQueue<int>();
        var pool = new NoncePool(async count =>
        {
            counts.Enqueue(count);
            await gate.Task;
            return await MintAsync(count);
        }, () => epoch, options, time);
        var taken = Enumerable.Range(0, 500).Select(_ => pool.TakeAsync().AsTask()).ToList();
        gate.SetResult();
        Assert.All(await Task.WhenAll(taken), nonce => Assert.NotNull(nonce));
        Assert.Contains(1000, counts);
    }

    [Fact]
    public async Task Take_AfterTheAge_GivesFreshOnes()
    {
        var pool = Pool();
        Assert.Equal("n1", await pool.TakeAsync());
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Null(pool.TryTake());
        Assert.Equal("n65", await pool.TakeAsync());
    }

    [Fact]
    public async Task Take_AfterAReconnect_GivesFreshOnes()
    {
        var pool = Pool();
        Assert.Equal("n1", await pool.TakeAsync());
        epoch++;
        Assert.Equal("n65", await pool.TakeAsync());
    }

    [Fact]
    public async Task Take_ReconnectDuringTheCall_DropsWhatCame()
    {
        var pool = new NoncePool(count =>
        {
            if (calls == 0) epoch++;
            return MintAsync(count);
        }, () => epoch, options, time);
        Assert.Equal("n65", await pool.TakeAsync());
    }

    [Fact]
    public async Task Take_NobodyThere_GivesNoneAtOnceAndRecovers()
    {
        var away = true;
        var pool = new NoncePool(count => away ? throw new RpcException(new Status(StatusCode.Unavailable, "")) : MintAsync(count), () => epoch, options, time);
        Assert.Null(await pool.TakeAsync());
        away = false;
        Assert.Equal("n1", await pool.TakeAsync());
    }

    [Fact]
    public async Task Take_CallHangs_WaitsNoLongerThanSaid()
    {
        var pool = new NoncePool(_ => new TaskCompletionSource<IReadOnlyList<string>>().Task, () => epoch, options, time);
        var taken = pool.TakeAsync().AsTask();
        await GatewayRig.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return taken.IsCompleted;
        }, "the wait ends");
        Assert.Null(await taken);
    }

    private NoncePool Pool() => new(MintAsync, () => epoch, options, time);

    private Task<IReadOnlyList<string>> MintAsync(int count)
    {
        calls++;
        return Task.FromResult<IReadOnlyList<string>>([.. Enumerable.Range(0, count).Select(_ => "n" + ++next)]);
    }
}

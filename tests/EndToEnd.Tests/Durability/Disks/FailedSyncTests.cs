using Grpc.Core;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>A disk that does not take what it is given: the program ends with a line, and the next start recovers.</summary>
[Collection(MountedDisk.Collection)]
public sealed class FailedSyncTests
{
    [Fact]
    [Trait("Long", "true")]
    public async Task FailedSync_EndsTheProgram_AndTheNextStartHasAllThatWasAcknowledged()
    {
        await using var disk = await FailingDisk.MountAsync();
        var data = disk.At("ca");
        var acknowledged = new List<string>();
        await using (var server = await LoneServer.StartAsync(data))
        {
            await AddAsync(server, acknowledged, "before", 20);
            await BreakAsync(disk, server);
        }

        // Still the same mount: the kernel shows what it failed to write as if it were on the disk.
        disk.Mend();
        await using (var server = await LoneServer.StartAsync(data))
        {
            Assert.Empty(acknowledged.Except(await server.OperatorsAsync()));
            await AddAsync(server, acknowledged, "after", 20);
            await server.KillAsync();
        }

        await disk.RemountAsync();
        await using var last = await LoneServer.StartAsync(data);
        Assert.Empty(acknowledged.Except(await last.OperatorsAsync()));
        using var store = new StoreCheck(data);
        Assert.Empty(store.FindFaults(new Notebook(), TimeProvider.System.GetUtcNow()));
    }

    private static async Task AddAsync(LoneServer server, List<string> acknowledged, string name, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await server.AddOperatorAsync($"{name}{i}");
            acknowledged.Add($"{name}{i}");
        }
    }

    private static async Task BreakAsync(FailingDisk disk, LoneServer server)
    {
        disk.Fail();
        var refused = await Assert.ThrowsAsync<RpcException>(() => server.AddOperatorAsync("broken"));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        // It is not tried again: the disk works before the program has ended, and it ends all the same.
        disk.Mend();
        var (code, said) = await server.EndAsync();
        Assert.Equal(1, code);
        Assert.Single(said.Split('\n'), line => line.StartsWith("grpcca-server: the store failed and the program stops: ", StringComparison.Ordinal));
    }
}

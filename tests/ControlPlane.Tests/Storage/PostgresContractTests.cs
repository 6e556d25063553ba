using GrpcCa.ControlPlane.Storage;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>One server for all tests that need one.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    internal PostgresServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await PostgresServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresGroup : ICollectionFixture<PostgresFixture>
{
    public const string Name = "PostgreSQL";
}

/// <summary>The contract on PostgreSQL.</summary>
[Collection(PostgresGroup.Name)]
public sealed class PostgresContractTests(PostgresFixture postgres) : StoreContract
{
    private protected override string Bytes => "bytea";

    private protected override async Task<StoreOptions> NewDataAsync() => new()
    {
        Provider = StoreProvider.Postgresql,
        ConnectionFile = await postgres.Server.CreateDatabaseAsync(),
        Attempts = 100,
    };
}

/// <summary>The contract on PostgreSQL while every write may fail to serialize, at random.</summary>
[Collection(PostgresGroup.Name)]
public sealed class PostgresReplayContractTests(PostgresFixture postgres) : StoreContract
{
    private readonly List<UnluckyStore> unlucky = [];

    private protected override string Bytes => "bytea";

    private protected override IStore Wrap(IStore store)
    {
        var wrapped = new UnluckyStore(store);
        unlucky.Add(wrapped);
        return wrapped;
    }

    private protected override async Task<StoreOptions> NewDataAsync() => new()
    {
        Provider = StoreProvider.Postgresql,
        ConnectionFile = await postgres.Server.CreateDatabaseAsync(),
        Attempts = 100,
    };

    [Fact]
    public async Task Writes_WithInjectedFailures_AreReplayed()
    {
        var before = unlucky[0].Failures;

        for (var i = 0; i < 100; i++) await Store.WriteAsync(session => MarkAsync(session, $"m{i}"), Cancelled);

        Assert.Equal(100, (await NamesAsync()).Length);
        Assert.True(unlucky[0].Failures > before, "no failure was injected into a hundred writes");
    }
}

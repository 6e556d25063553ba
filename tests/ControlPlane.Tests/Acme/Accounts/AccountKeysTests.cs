using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Storage;

namespace GrpcCa.ControlPlane.Tests.Acme.Accounts;

/// <summary>On SQLite, where the number is kept in memory: nobody else writes.</summary>
public sealed class SqliteAccountKeysTests : AccountKeysContract
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-accounts-");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private protected override Task<StoreOptions> NewDataAsync() =>
        Task.FromResult(new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db"), Replica = "main" });

    private protected override Task<IStore> OtherAsync() => Task.FromResult(Store);
}

/// <summary>On SQLite without a turn at the file, as tools use it.</summary>
public sealed class SharedSqliteAccountKeysTests : AccountKeysContract
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-accounts-");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private protected override Task<StoreOptions> NewDataAsync() =>
        Task.FromResult(new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db") });
}

/// <summary>On PostgreSQL, with another control plane beside this one.</summary>
[Collection(PostgresGroup.Name)]
public sealed class PostgresAccountKeysTests(PostgresFixture postgres) : AccountKeysContract
{
    private protected override async Task<StoreOptions> NewDataAsync() => new()
    {
        Provider = StoreProvider.Postgresql,
        ConnectionFile = await postgres.Server.CreateDatabaseAsync(),
        Attempts = 100,
    };
}

using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>The contract on the embedded engine.</summary>
public sealed class SqliteContractTests : StoreContract
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-store-");
    private int files;

    private protected override string Bytes => "BLOB";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private protected override Task<StoreOptions> NewDataAsync() =>
        Task.FromResult(new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, $"store{files++}.db") });
}

using GrpcCa.ControlPlane.Storage.Postgres;
using GrpcCa.ControlPlane.Storage.Sqlite;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>Opens the store that the options name and brings its schema up to date.</summary>
internal static class StoreFactory
{
    /// <exception cref="StoreSchemaException">The store is newer than this program, was tampered with, or is no store.</exception>
    /// <exception cref="IOException">The file or its directory cannot be made, or others may read it.</exception>
    public static async Task<IStore> OpenAsync(StoreOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken) =>
        options.Provider switch
        {
            StoreProvider.Sqlite => await SqliteStore.OpenAsync(options, time, logs, cancellationToken),
            StoreProvider.Postgresql => await PostgresStore.OpenAsync(options, time, logs, cancellationToken),
            _ => throw new InvalidOperationException($"no engine for {options.Provider}"),
        };
}

using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>A table of things with a size, for tests that fill disks.</summary>
internal static class SqliteBlobs
{
    public static Task<IStore> OpenAsync(StoreOptions options, bool table, CancellationToken cancellationToken) => OpenAsync(options, table, TimeProvider.System, cancellationToken);

    public static async Task<IStore> OpenAsync(StoreOptions options, bool table, TimeProvider time, CancellationToken cancellationToken)
    {
        var store = await StoreFactory.OpenAsync(options, time, NullLoggerFactory.Instance, cancellationToken);
        if (table)
            await store.WriteAsync(
                session => session.Sql("CREATE TABLE blobs (id INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT").ExecuteAsync(), cancellationToken);
        return store;
    }

    public static Task<int> WriteAsync(IStore store, long id, int kilobytes, CancellationToken cancellationToken) =>
        store.WriteAsync(session => InsertAsync(session, id, kilobytes), cancellationToken);

    public static ValueTask<int> InsertAsync(StoreSession session, long id, int kilobytes) =>
        session.Sql("INSERT INTO blobs (id, content) VALUES (@id, @content)").With("id", id).With("content", new byte[kilobytes * 1024]).ExecuteAsync();

    public static ValueTask<long> CountAsync(IStore store, CancellationToken cancellationToken) =>
        store.ReadAsync(session => session.Sql("SELECT count(*) FROM blobs").NumberAsync(), cancellationToken);
}

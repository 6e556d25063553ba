using System.Data;
using System.Data.Common;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>A statement being filled with parameters, then run once.</summary>
internal readonly struct StoreStatement(PreparedStatement statement)
{
    // How many rows a statement changes that returns rows: nobody counts them.
    private const int Some = int.MaxValue;

    public StoreStatement With(string name, string? value) => Fill(name, DbType.String, null, value);

    public StoreStatement With(string name, long? value) => Fill(name, DbType.Int64, value);

    public StoreStatement With(string name, byte[]? value) => Fill(name, DbType.Binary, null, value);

    public StoreStatement With(string name, bool value) => Fill(name, DbType.Int64, value ? 1 : 0);

    /// <summary>A time, stored as Unix milliseconds.</summary>
    public StoreStatement With(string name, DateTimeOffset? value) => Fill(name, DbType.Int64, value?.ToUnixTimeMilliseconds());

    /// <summary>Says what the one row that the statement changes is then, just as it would be read, so that it need not be (<see cref="KeptRows"/>).</summary>
    /// <param name="table">Its table.</param>
    /// <param name="id">Its key.</param>
    /// <param name="row">The row.</param>
    /// <param name="size">About how many bytes it takes.</param>
    public StoreStatement Leaving(string table, string id, object row, int size)
    {
        statement.Leave(new LeftRow(table, id, KeptRows.IsKept(size) ? row : null));
        return this;
    }

    /// <summary>Runs a statement that changes rows; returns how many. Callers check the count.</summary>
    public async ValueTask<int> ExecuteAsync()
    {
        try
        {
            var rows = await statement.RunAsync();
            statement.Changed(rows);
            return rows;
        }
        catch (DbException fault) when (statement.Failed(fault))
        {
            throw Duplicate(fault);
        }
    }

    /// <summary>The first row, or null.</summary>
    public async ValueTask<T?> FirstAsync<T>(Func<DbDataReader, T> map) where T : class
    {
        try
        {
            await using var reader = await statement.Ready().ExecuteReaderAsync();
            statement.Changed(Some);
            return await reader.ReadAsync() ? map(reader) : null;
        }
        catch (DbException fault) when (statement.Failed(fault))
        {
            throw Duplicate(fault);
        }
    }

    /// <summary>The first column of the first row as a number; zero without a row or for NULL.</summary>
    public async ValueTask<long> NumberAsync()
    {
        try
        {
            var value = await statement.Ready().ExecuteScalarAsync();
            statement.Changed(Some);
            return value is null or DBNull ? 0 : Convert.ToInt64(value);
        }
        catch (DbException fault) when (statement.Failed(fault))
        {
            throw Duplicate(fault);
        }
    }

    /// <summary>All rows; queries carry their own LIMIT.</summary>
    public async ValueTask<List<T>> ListAsync<T>(Func<DbDataReader, T> map)
    {
        try
        {
            var rows = new List<T>();
            await using var reader = await statement.Ready().ExecuteReaderAsync();
            statement.Changed(Some);
            while (await reader.ReadAsync()) rows.Add(map(reader));
            return rows;
        }
        catch (DbException fault) when (statement.Failed(fault))
        {
            throw Duplicate(fault);
        }
    }

    private StoreStatement Fill(string name, DbType type, long? number, object? value = null)
    {
        statement.Fill(name, type, number, value);
        return this;
    }

    private static DuplicateRowException Duplicate(DbException fault) => new($"a row with this key is there already: {fault.Message}", fault);
}

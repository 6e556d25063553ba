using System.Data.Common;
using GrpcCa.ControlPlane.Audit;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// A connection inside a transaction, with prepared statements kept by their text. SQL is written once for both
/// engines: parameters are <c>@name</c>; integers are 64-bit, times Unix milliseconds, truth 0 or 1, DER bytes.
/// Not safe for parallel use.
/// </summary>
internal sealed class StoreSession(DbConnection connection) : IDisposable
{
    private readonly Dictionary<string, DbCommand> prepared = new(StringComparer.Ordinal);

    /// <summary>The transaction that statements join; set by the engine.</summary>
    internal DbTransaction? Transaction { get; set; }

    internal DbConnection Connection => connection;

    /// <summary>A statement, ready for its parameters.</summary>
    public StoreStatement Sql(string text)
    {
        if (!prepared.TryGetValue(text, out var command))
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts are constants of *Store.cs, Audit/ and Storage/; a test keeps SQL there.
            command.CommandText = text;
#pragma warning restore CA2100
            prepared.Add(text, command);
        }
        command.Parameters.Clear();
        command.Transaction = Transaction;
        return new StoreStatement(command);
    }

    /// <summary>Writes an event into the audit, in this session's transaction; engines call it for acts.</summary>
    internal ValueTask AppendAsync(AuditEvent auditEvent) => AuditLog.AppendAsync(this, auditEvent);

    public void Dispose()
    {
        foreach (var command in prepared.Values) command.Dispose();
    }
}

/// <summary>A statement being filled with parameters, then run once.</summary>
internal readonly struct StoreStatement(DbCommand command)
{
    public StoreStatement With(string name, string? value) => Add(name, value, System.Data.DbType.String);

    public StoreStatement With(string name, long? value) => Add(name, value, System.Data.DbType.Int64);

    public StoreStatement With(string name, byte[]? value) => Add(name, value, System.Data.DbType.Binary);

    public StoreStatement With(string name, bool value) => Add(name, value ? 1L : 0L, System.Data.DbType.Int64);

    /// <summary>A time, stored as Unix milliseconds.</summary>
    public StoreStatement With(string name, DateTimeOffset? value) => Add(name, value?.ToUnixTimeMilliseconds(), System.Data.DbType.Int64);

    /// <summary>Runs a statement that changes rows; returns how many. Callers check the count.</summary>
    public async ValueTask<int> ExecuteAsync() => await command.ExecuteNonQueryAsync();

    /// <summary>The first row, or null.</summary>
    public async ValueTask<T?> FirstAsync<T>(Func<DbDataReader, T> map) where T : class
    {
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? map(reader) : null;
    }

    /// <summary>The first column of the first row as a number; zero without a row or for NULL.</summary>
    public async ValueTask<long> NumberAsync()
    {
        var value = await command.ExecuteScalarAsync();
        return value is null or DBNull ? 0 : Convert.ToInt64(value);
    }

    /// <summary>All rows; queries carry their own LIMIT.</summary>
    public async ValueTask<List<T>> ListAsync<T>(Func<DbDataReader, T> map)
    {
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) rows.Add(map(reader));
        return rows;
    }

    private StoreStatement Add(string name, object? value, System.Data.DbType type)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.DbType = type;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
        return this;
    }
}

/// <summary>Reading columns the way both engines store them.</summary>
internal static class StoreColumns
{
    public static byte[] Bytes(this DbDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    public static byte[]? OptionalBytes(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    public static string? OptionalText(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static bool Truth(this DbDataReader row, int column) => row.GetInt64(column) != 0;

    public static DateTimeOffset Time(this DbDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    public static DateTimeOffset? OptionalTime(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);
}

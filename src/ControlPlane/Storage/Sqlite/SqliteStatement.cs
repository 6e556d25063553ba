using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace GrpcCa.ControlPlane.Storage.Sqlite;

/// <summary>A prepared statement of SQLite that changes rows.</summary>
internal sealed class SqliteStatement : DirectStatement
{
    private const int ShortText = 512;

    private readonly sqlite3 connection;
    private readonly sqlite3_stmt statement;

    private SqliteStatement(sqlite3 connection, sqlite3_stmt statement) => (this.connection, this.statement) = (connection, statement);

    public override int Parameters => raw.sqlite3_bind_parameter_count(statement);

    /// <summary>Null for a text that is more than one statement.</summary>
    public static SqliteStatement? Prepare(sqlite3 connection, string text)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(connection, text, out var statement, out var behind), connection);
        if (string.IsNullOrWhiteSpace(behind)) return new SqliteStatement(connection, statement);
        statement.Dispose();
        return null;
    }

    public override int PlaceOf(string parameter) => raw.sqlite3_bind_parameter_index(statement, parameter);

    public override void Bind(int place, long value) => Check(raw.sqlite3_bind_int64(statement, place, value));

    public override void Bind(int place, string value)
    {
        var longest = Encoding.UTF8.GetMaxByteCount(value.Length);
        Span<byte> text = longest <= ShortText ? stackalloc byte[ShortText] : new byte[longest];
        Check(raw.sqlite3_bind_text(statement, place, text[..Encoding.UTF8.GetBytes(value, text)]));
    }

    public override void Bind(int place, byte[] value) => Check(raw.sqlite3_bind_blob(statement, place, value));

    public override void BindNull(int place) => Check(raw.sqlite3_bind_null(statement, place));

    public override int Run()
    {
        try
        {
            var result = raw.sqlite3_step(statement);
            while (result == raw.SQLITE_ROW) result = raw.sqlite3_step(statement);
            Check(result);
            return raw.sqlite3_changes(connection);
        }
        finally
        {
            _ = raw.sqlite3_reset(statement);
        }
    }

    public override void Dispose() => statement.Dispose();

    // Nothing is thrown for SQLITE_OK, SQLITE_ROW and SQLITE_DONE.
    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, connection);
}

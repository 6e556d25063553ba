using System.Data.Common;
using GrpcCa.ControlPlane.Audit;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// A connection inside a transaction, with prepared statements kept by their text. SQL is written once for both
/// engines: parameters are <c>@name</c>; integers are 64-bit, times Unix milliseconds, truth 0 or 1, DER bytes.
/// Not safe for parallel use.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="kept">What the session that writes keeps in memory; null when it keeps nothing.</param>
/// <param name="direct">Prepares a statement that changes rows as the engine has it; null where there is nothing better than the platform's command.</param>
internal sealed class StoreSession(DbConnection connection, KeptRows? kept = null, Func<string, DirectStatement?>? direct = null) : IDisposable
{
    // More texts than the rooms have; lists with filters build theirs, and those must not pile up.
    private const int MostPrepared = 400;

    private readonly Dictionary<string, PreparedStatement> prepared = new(StringComparer.Ordinal);
    private readonly Queue<string> oldestFirst = new();

    // Statements that the function may still take; as many as it likes unless it said one.
    private int left = int.MaxValue;

    // The first statement that failed. PostgreSQL turns the commit after it into a rollback without a word.
    private DbException? failed;

    internal DbConnection Connection => connection;

    /// <summary>What the statements of the transaction left so far of rows that are kept; whoever undoes statements takes back what they left.</summary>
    internal LeftRows Left { get; } = new();

    /// <summary>A row as this transaction sees it, if it is in memory; null when it has to be read.</summary>
    public T? Recall<T>(string table, string id)
        where T : class
    {
        if (kept is null) return null;
        return Left.TryFind(table, id, out var row) ? row as T : kept.Find<T>(table, id);
    }

    /// <summary>A row is not what somebody took it for, perhaps from memory; from now on it is read.</summary>
    internal void Doubt(LeftRow row)
    {
        if (row.Id is not null) kept?.Forget(row.Table, row.Id);
    }

    /// <summary>A statement, ready for its parameters.</summary>
    public StoreStatement Sql(string text)
    {
        if (left < int.MaxValue && left-- <= 0) throw new InvalidOperationException($"a read of one statement has a second one, which would see another moment: {text}");
        if (!prepared.TryGetValue(text, out var statement)) statement = Prepare(text);
        statement.Restart();
        return new StoreStatement(statement);
    }

    /// <summary>
    /// Runs a function in this session; engines call it. A statement that failed fails the function too, even one that
    /// caught the exception and went on: half of what it wanted would be committed, or nothing.
    /// </summary>
    internal async ValueTask<T> RunAsync<T>(Func<StoreSession, ValueTask<T>> function)
    {
        failed = null;
        var result = await function(this);
        return failed is null ? result : throw new InvalidOperationException($"a statement failed and the function went on: {failed.Message}", failed);
    }

    /// <summary>Says before each function whether it is a read of one statement; engines call it.</summary>
    internal void Begin(bool ofOneStatement) => left = ofOneStatement ? 1 : int.MaxValue;

    /// <summary>Notes a statement's failure; true when it is a key that is there already.</summary>
    internal bool Failed(DbException fault)
    {
        failed ??= fault;
        return StoreFaults.IsDuplicate(fault);
    }

    /// <summary>Writes an event into the audit, in this session's transaction; engines call it for acts.</summary>
    internal ValueTask AppendAsync(AuditEvent auditEvent) => AuditLog.AppendAsync(this, auditEvent);

    public void Dispose()
    {
        foreach (var statement in prepared.Values) statement.Dispose();
    }

    private PreparedStatement Prepare(string text)
    {
        if (oldestFirst.Count >= MostPrepared && prepared.Remove(oldestFirst.Dequeue(), out var oldest)) oldest.Dispose();
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts are constants of *Store.cs, Audit/ and Storage/; a test keeps SQL there.
        command.CommandText = text;
#pragma warning restore CA2100
        var statement = new PreparedStatement(this, command, kept is null ? [] : KeptRows.ChangedBy(text), direct);
        prepared.Add(text, statement);
        oldestFirst.Enqueue(text);
        return statement;
    }
}

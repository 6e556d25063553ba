using System.Data;
using System.Data.Common;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>A command that is kept, with its parameters: a second use only changes their values.</summary>
/// <param name="session">Its session.</param>
/// <param name="command">The command.</param>
/// <param name="changes">The tables of those that the session keeps rows of whose rows it may change.</param>
/// <param name="prepare">Prepares a text as the engine has it; null for an engine that has nothing better than its command.</param>
internal sealed class PreparedStatement(StoreSession session, DbCommand command, IReadOnlyList<string> changes, Func<string, DirectStatement?>? prepare) : IDisposable
{
    private readonly List<Slot> slots = [];
    private int next;
    private int filled;
    private int use;
    private LeftRow? leaving;
    private DirectStatement? direct;
    private bool isPrepared;

    /// <summary>Forgets what was filled in for the use before.</summary>
    public void Restart()
    {
        next = 0;
        filled = 0;
        use++;
        leaving = null;
    }

    /// <summary>Says what the only row that it will change is then.</summary>
    public void Leave(LeftRow row) => leaving = row;

    /// <summary>It has run, and changed so many rows.</summary>
    public void Changed(int rows)
    {
        if (rows == 0)
        {
            // Perhaps because somebody changed it from outside: who tries again will see.
            if (leaving is { } expected) session.Doubt(expected);
            return;
        }
        foreach (var table in changes)
            session.Left.Add(rows == 1 && leaving is { } row && row.Table == table ? row : new LeftRow(table, null, null));
    }

    public void Fill(string name, DbType type, long? number, object? value = null)
    {
        var slot = Find(name);
        (slot.Type, slot.Number, slot.Value) = (type, number, value);
        if (slot.FilledIn == use) return;
        slot.FilledIn = use;
        filled++;
    }

    /// <summary>Runs it without looking at rows that it returns; how many it changed.</summary>
    public async ValueTask<int> RunAsync()
    {
        if (!isPrepared)
        {
            direct = prepare?.Invoke(command.CommandText);
            isPrepared = true;
        }
        return direct is null ? await Ready().ExecuteNonQueryAsync() : Run(direct);
    }

    /// <summary>The command, once every parameter has a value of this use.</summary>
    public DbCommand Ready()
    {
        Check();
        foreach (var slot in slots)
        {
            if (slot.Parameter is null)
            {
                slot.Parameter = command.CreateParameter();
                slot.Parameter.ParameterName = Marked(slot.Name);
                command.Parameters.Add(slot.Parameter);
            }
            if (slot.Parameter.DbType != slot.Type) slot.Parameter.DbType = slot.Type;
            slot.Parameter.Value = slot.Number ?? slot.Value ?? DBNull.Value;
        }
        return command;
    }

    /// <summary>Notes a failure; true when it is a key that is there already.</summary>
    public bool Failed(DbException fault) => session.Failed(fault);

    public void Dispose()
    {
        direct?.Dispose();
        command.Dispose();
    }

    private static string Marked(string name) => name.StartsWith('@') ? name : "@" + name;

    private int Run(DirectStatement statement)
    {
        Check();
        var bound = 0;
        foreach (var slot in slots)
        {
            var place = slot.Place ??= statement.PlaceOf(Marked(slot.Name));
            if (place == 0) continue;
            bound++;
            if (slot.Number is { } number) statement.Bind(place, number);
            else if (slot.Value is string text) statement.Bind(place, text);
            else if (slot.Value is byte[] bytes) statement.Bind(place, bytes);
            else statement.BindNull(place);
        }
        // What is not bound would be NULL.
        return bound == statement.Parameters ? statement.Run() : throw new InvalidOperationException($"{statement.Parameters - bound} parameters have no value in: {command.CommandText}");
    }

    private void Check()
    {
        if (filled == slots.Count) return;
        var missing = slots.First(slot => slot.FilledIn != use);
        throw new InvalidOperationException($"parameter '{missing.Name}' has no value in: {command.CommandText}");
    }

    // Callers fill in the same order every time, so the next slot is nearly always the right one.
    private Slot Find(string name)
    {
        if (next < slots.Count && string.Equals(slots[next].Name, name, StringComparison.Ordinal)) return slots[next++];
        for (var i = 0; i < slots.Count; i++)
        {
            if (!string.Equals(slots[i].Name, name, StringComparison.Ordinal)) continue;
            next = i + 1;
            return slots[i];
        }
        var slot = new Slot(name);
        slots.Add(slot);
        next = slots.Count;
        return slot;
    }

    private sealed class Slot(string name)
    {
        public string Name => name;

        public DbType Type { get; set; }

        public long? Number { get; set; }

        /// <summary>A text or bytes; null for a number and for NULL.</summary>
        public object? Value { get; set; }

        public int FilledIn { get; set; }

        /// <summary>That of the command, from its first use on.</summary>
        public DbParameter? Parameter { get; set; }

        /// <summary>Its place in the statement as the engine has it, from the first use on.</summary>
        public int? Place { get; set; }
    }
}

using System.Data;
using System.Data.Common;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>A command that is kept, with its parameters: a second use only changes their values.</summary>
/// <param name="session">Its session.</param>
/// <param name="command">The command.</param>
/// <param name="changes">The tables of those that the session keeps rows of whose rows it may change.</param>
internal sealed class PreparedStatement(StoreSession session, DbCommand command, IReadOnlyList<string> changes) : IDisposable
{
    private readonly List<Slot> slots = [];
    private int next;
    private int filled;
    private int use;
    private LeftRow? leaving;

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

    public void Fill(string name, object? value, DbType type)
    {
        var slot = Find(name);
        if (slot.Parameter.DbType != type) slot.Parameter.DbType = type;
        slot.Parameter.Value = value ?? DBNull.Value;
        if (slot.FilledIn == use) return;
        slot.FilledIn = use;
        filled++;
    }

    /// <summary>The command, once every parameter has a value of this use.</summary>
    public DbCommand Ready()
    {
        if (filled == slots.Count) return command;
        var missing = slots.First(slot => slot.FilledIn != use);
        throw new InvalidOperationException($"parameter '{missing.Name}' has no value in: {command.CommandText}");
    }

    /// <summary>Notes a failure; true when it is a key that is there already.</summary>
    public bool Failed(DbException fault) => session.Failed(fault);

    public void Dispose() => command.Dispose();

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
        var parameter = command.CreateParameter();
        parameter.ParameterName = name.StartsWith('@') ? name : "@" + name;
        command.Parameters.Add(parameter);
        var slot = new Slot(name, parameter);
        slots.Add(slot);
        next = slots.Count;
        return slot;
    }

    private sealed class Slot(string name, DbParameter parameter)
    {
        public string Name => name;

        public DbParameter Parameter => parameter;

        public int FilledIn { get; set; }
    }
}

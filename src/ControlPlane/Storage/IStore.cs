using GrpcCa.ControlPlane.Audit;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The one seam between the rooms and an engine (SQLite, PostgreSQL). A write is a function that may run more than
/// once: it touches nothing but the session it is given, and whatever it returns counts only for the run that was
/// committed. SQLite runs many writes as one group and commits them with one sync, again if one of them fails; PostgreSQL runs
/// each as a serializable transaction and replays it on 40001. The task completes after the commit is durable.
/// </summary>
internal interface IStore : IAsyncDisposable
{
    /// <summary>Runs a read on a consistent snapshot. The function may run again, as a write may.</summary>
    ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken);

    /// <summary>
    /// Runs a read that is one statement, which sees a snapshot by itself: no transaction is put around it (the embedded engine
    /// saves two steps, PostgreSQL a round trip). A second statement is refused.
    /// </summary>
    ValueTask<T> ReadOneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken);

    /// <summary>What was committed last, in memory; null when rows have to be read, as always where others may write to the store.</summary>
    KeptRows? Kept => null;

    /// <summary>The generation now (<see cref="Generation"/>): a change whose answer has left is in it. Engines make it cheap, as every call asks.</summary>
    ValueTask<Generation> ReadGenerationAsync(CancellationToken cancellationToken) => ReadOneAsync(Generation.ReadAsync, cancellationToken);

    /// <summary>
    /// Commits a change of state that is no act of the CA (accounts' contacts, orders, authorizations, sweeps).
    /// An exception from <paramref name="write"/> undoes this write alone and reaches the caller.
    /// Cancelling is heard until the write starts; from then on the task tells what became of it.
    /// </summary>
    Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary);

    /// <summary>
    /// Commits an act the CA stands for together with its audit event: none is written without one.
    /// </summary>
    Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary);

    /// <summary>
    /// Gives freed pages back to the file system, at most so many, and returns how many are left; an engine that does this by
    /// itself has none.
    /// </summary>
    Task<long> ReclaimAsync(int pages, CancellationToken cancellationToken);

    /// <summary>
    /// Completes with the cause when the store cannot go on (a sync failed, the file is corrupt). Everything after it is
    /// refused; the program exits and recovers from the log at its next start, it never tries the sync again.
    /// </summary>
    Task<Exception> Fatal { get; }
}

/// <summary>Whether a write may take the room that is kept for a full disk (<see cref="StoreOptions.ReserveMib"/>).</summary>
internal enum Urgency
{
    /// <summary>Waits until there is space.</summary>
    Ordinary,

    /// <summary>
    /// Deletes what expired: may use what a spent reserve left, as it may be the database itself that filled the disk, but never spends one.
    /// </summary>
    Freeing,

    /// <summary>
    /// Takes trust away or tells of it: revocations, revocation lists, gateways and operators that are shut out. And what a start
    /// writes, without which nobody could ask for that.
    /// </summary>
    Urgent,
}

/// <summary>The result of an act and the event that goes into the audit with it.</summary>
internal readonly record struct Acted<T>(T Result, AuditEvent Event);

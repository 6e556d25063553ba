using GrpcCa.ControlPlane.Audit;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The one seam between the rooms and an engine (SQLite, PostgreSQL). A write is a function that may run more than
/// once: it touches nothing but the session it is given, and whatever it returns counts only for the run that was
/// committed. SQLite runs many writes in savepoints of one group and commits them with one sync; PostgreSQL runs
/// each as a serializable transaction and replays it on 40001. The task completes after the commit is durable.
/// </summary>
internal interface IStore : IAsyncDisposable
{
    /// <summary>Runs a read on a consistent snapshot.</summary>
    ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken);

    /// <summary>
    /// Commits a change of state that is no act of the CA (accounts' contacts, orders, authorizations, sweeps).
    /// An exception from <paramref name="write"/> undoes this write alone and reaches the caller.
    /// </summary>
    Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken);

    /// <summary>
    /// Commits an act the CA stands for together with its audit event: none is written without one.
    /// </summary>
    Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken);
}

/// <summary>The result of an act and the event that goes into the audit with it.</summary>
internal readonly record struct Acted<T>(T Result, AuditEvent Event);

/// <summary>The store refuses writes for now (no space); what was asked was rolled back. Maps to serverInternal with Retry-After.</summary>
internal sealed class StoreUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

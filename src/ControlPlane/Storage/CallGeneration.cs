namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The generation as one call found it: its books then agree, and are as fresh as the call, for one read of the number instead
/// of one for each (an issuance had 48). A call that writes reads the number anew from then on: it sees what it did.
/// </summary>
internal sealed class CallGeneration : IDisposable
{
    private const long Unknown = -1;

    private static readonly AsyncLocal<CallGeneration?> Current = new();

    private long number = Unknown;
    private volatile bool isOver;

    private CallGeneration()
    {
    }

    /// <summary>Begins a call; what is awaited within it belongs to it until it is disposed, what it left running does no more.</summary>
    public static CallGeneration Begin() => Current.Value = new CallGeneration();

    /// <summary>Engines say that the call writes.</summary>
    public static void Forget()
    {
        if (Current.Value is { } call) call.isOver = true;
    }

    /// <summary>The call's number; outside of a call, the number now.</summary>
    public static async ValueTask<long> ReadAsync(IStore store, CancellationToken cancellationToken)
    {
        if (Current.Value is not { isOver: false } call) return await store.ReadGenerationAsync(cancellationToken);
        if (Volatile.Read(ref call.number) is not Unknown and var known) return known;
        var read = await store.ReadGenerationAsync(cancellationToken);
        Volatile.Write(ref call.number, read);
        return read;
    }

    public void Dispose() => isOver = true;
}

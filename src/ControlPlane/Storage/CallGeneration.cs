namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The generation as one call found it: its books then agree, and are as fresh as the call, for one read of the numbers instead
/// of one for each (an issuance had 48). A call that writes reads the numbers anew from then on: it sees what it did.
/// </summary>
internal sealed class CallGeneration : IDisposable
{
    private static readonly AsyncLocal<CallGeneration?> Current = new();

    private Generation? known;
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

    /// <summary>The call's; outside of a call, the generation now.</summary>
    public static async ValueTask<Generation> ReadAsync(IStore store, CancellationToken cancellationToken)
    {
        if (Current.Value is not { isOver: false } call) return await store.ReadGenerationAsync(cancellationToken);
        if (Volatile.Read(ref call.known) is { } known) return known;
        var read = await store.ReadGenerationAsync(cancellationToken);
        Volatile.Write(ref call.known, read);
        return read;
    }

    public void Dispose() => isOver = true;
}

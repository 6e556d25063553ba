using System.Net.Sockets;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>The frame of every attempt: a deadline around it, and whatever ends it becomes an outcome.</summary>
internal static class BoundedAttempt
{
    /// <summary>Only the caller's cancellation throws.</summary>
    public static async Task<ChallengeOutcome> RunAsync(
        ChallengeTask task, TimeProvider time, Func<AttemptTrace, CancellationToken, Task> look, CancellationToken cancellationToken)
    {
        var trace = new AttemptTrace();
        using var bound = new CancellationTokenSource(task.Bounds.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            await look(trace, either.Token);
            return trace.Outcome(null);
        }
        catch (AttemptFailedException failed)
        {
            return trace.Outcome(Located(failed.Fault, trace));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return trace.Outcome(new ChallengeFault(trace.PhaseReason, $"timed out after {task.Bounds.AttemptTimeout.TotalSeconds:0.#} s: {trace.Phase}"));
        }
        catch (IOException fault)
        {
            var what = fault.InnerException is SocketException socket ? SocketFault.Say(socket.SocketErrorCode) : "connection broken";
            return trace.Outcome(new ChallengeFault(RefusalReason.Connection, $"{what}: {trace.Phase}"));
        }
    }

    // Whoever reads the sentence wants to know which host it is about, also where it speaks of URLs.
    private static ChallengeFault Located(ChallengeFault fault, AttemptTrace trace) =>
        trace.AddressDialled.Length == 0 || fault.Detail.Contains(trace.AddressDialled, StringComparison.Ordinal)
            ? fault
            : fault with { Detail = $"{fault.Detail} (dialled {trace.AddressDialled})" };
}

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>What finalize writes inside the corridor's two transactions; each name is reached before the commit (<see cref="Storage.FailPoints"/>).</summary>
internal static class FinalizeSteps
{
    public const string Claimed = "finalize.claimed";
    public const string Written = "finalize.written";

    public static IReadOnlyList<string> All { get; } = [Claimed, Written];
}

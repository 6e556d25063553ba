namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>The steps of a key change: the rows before the commit, and the commit (<see cref="Storage.FailPoints"/>).</summary>
internal static class KeyChangeSteps
{
    public const string Written = "keyChange.written";
    public const string Recorded = "keyChange.recorded";

    public static IReadOnlyList<string> All { get; } = [Written, Recorded];
}

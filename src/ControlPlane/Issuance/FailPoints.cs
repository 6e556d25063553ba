namespace GrpcCa.ControlPlane.Issuance;

/// <summary>
/// The named places where a test stops the program; outside of tests nothing happens at them.
/// </summary>
internal sealed class FailPoints(Action<string>? reached = null)
{
    public void Reach(string step) => reached?.Invoke(step);
}

/// <summary>The corridor's steps, in their order; each name is reached when the step is done.</summary>
internal static class IssuanceSteps
{
    public const string Built = "issuance.built";
    public const string Planned = "issuance.planned";
    public const string Linted = "issuance.linted";
    public const string Signed = "issuance.signed";
    public const string ReadBack = "issuance.readBack";
    public const string Recorded = "issuance.recorded";

    public static IReadOnlyList<string> All { get; } = [Built, Planned, Linted, Signed, ReadBack, Recorded];
}

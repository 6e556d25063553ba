namespace GrpcCa.ControlPlane.Issuance;

/// <summary>The corridor's steps, in their order; each name is reached when the step is done (<see cref="Storage.FailPoints"/>).</summary>
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

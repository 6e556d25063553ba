namespace GrpcCa.ControlPlane.Crls;

/// <summary>The steps to a revocation list, in their order; each name is reached when the step is done (<see cref="Storage.FailPoints"/>).</summary>
internal static class CrlSteps
{
    public const string Reserved = "crl.reserved";
    public const string Planned = "crl.planned";
    public const string Signed = "crl.signed";
    public const string Recorded = "crl.recorded";

    public static IReadOnlyList<string> All { get; } = [Reserved, Planned, Signed, Recorded];
}

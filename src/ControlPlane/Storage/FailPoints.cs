namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The named places where a test stops the program; outside of tests nothing happens at them. Each room lists its own in a
/// <c>…Steps</c>.
/// </summary>
internal sealed class FailPoints(Action<string>? reached = null)
{
    public void Reach(string step) => reached?.Invoke(step);
}

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// A statement that changes rows, as the engine has it: without the platform's command object in between, which looks each parameter up by its
/// name and keeps its value as an object. Not safe for parallel use.
/// </summary>
internal abstract class DirectStatement : IDisposable
{
    /// <summary>How many parameters the text has.</summary>
    public abstract int Parameters { get; }

    /// <summary>The place of a parameter, from 1; 0 for one that the text does not have.</summary>
    public abstract int PlaceOf(string parameter);

    public abstract void Bind(int place, long value);

    public abstract void Bind(int place, string value);

    public abstract void Bind(int place, byte[] value);

    public abstract void BindNull(int place);

    /// <summary>Runs it; returns how many rows it changed.</summary>
    public abstract int Run();

    public abstract void Dispose();
}

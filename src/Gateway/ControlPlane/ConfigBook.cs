using Google.Protobuf;
using GrpcCa.Host;
using GrpcCa.V1;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>
/// The configuration served now. Every new version is kept in the state directory, so that a restart while the control
/// plane is away still serves the directory, roots and health.
/// </summary>
internal sealed class ConfigBook(string stateDirectory)
{
    private volatile GatewaySnapshot? current;
    private volatile bool isKept;

    private string Path => System.IO.Path.Combine(stateDirectory, "gateway-config.pb");

    /// <summary>Set before the listeners open.</summary>
    public GatewaySnapshot Current => current ?? throw new InvalidOperationException("asked before the start was done");

    public bool IsLoaded => current is not null;

    /// <summary>Takes over a configuration; true when it is another than before.</summary>
    /// <exception cref="InvalidDataException">It cannot be served; what was served before stays.</exception>
    /// <exception cref="IOException">It is served, but could not be kept; the next one, though the same, is kept.</exception>
    public bool Accept(GatewayConfig config)
    {
        if (GatewaySnapshot.FaultOf(config) is { } fault) throw new InvalidDataException($"the control plane sent a configuration that cannot be served: {fault}");
        var isNew = current is not { } before || !before.Config.Equals(config);
        if (!isNew && isKept) return false;
        isKept = false;
        if (isNew) current = new GatewaySnapshot(config);
        SyncedFile.Write(Path, config.ToByteArray(), SyncedFile.Private);
        isKept = true;
        return isNew;
    }

    /// <summary>Reads what was kept; false when there is nothing.</summary>
    /// <exception cref="InvalidDataException">The file is damaged; the message names it.</exception>
    public bool TryLoad()
    {
        if (!File.Exists(Path)) return false;
        try
        {
            var config = GatewayConfig.Parser.ParseFrom(File.ReadAllBytes(Path));
            if (GatewaySnapshot.FaultOf(config) is { } fault) throw new InvalidDataException($"'{Path}' cannot be served: {fault}");
            current = new GatewaySnapshot(config);
            isKept = true;
            return true;
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw new InvalidDataException($"'{Path}' is damaged; remove it and it will be fetched again", cause);
        }
    }
}

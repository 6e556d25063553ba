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

    private string Path => System.IO.Path.Combine(stateDirectory, "gateway-config.pb");

    /// <summary>Set before the listeners open.</summary>
    public GatewaySnapshot Current => current ?? throw new InvalidOperationException("asked before the start was done");

    public bool IsLoaded => current is not null;

    /// <summary>Takes over a configuration; true when it is another than before.</summary>
    /// <exception cref="InvalidDataException">It cannot be served; what was served before stays.</exception>
    public bool Accept(GatewayConfig config)
    {
        if (GatewaySnapshot.FaultOf(config) is { } fault) throw new InvalidDataException($"the control plane sent a configuration that cannot be served: {fault}");
        if (current is { } before && before.Config.Equals(config)) return false;
        SyncedFile.Write(Path, config.ToByteArray(), SyncedFile.Private);
        current = new GatewaySnapshot(config);
        return true;
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
            return true;
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw new InvalidDataException($"'{Path}' is damaged; remove it and it will be fetched again", cause);
        }
    }
}

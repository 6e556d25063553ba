using System.Net;

namespace GrpcCa.EndToEnd.Tests;

/// <summary>A host that wants a certificate: its name, its loopback address, and a directory for its client.</summary>
internal sealed record TestSite(string Name, IPAddress Address, RunningInstance Instance) : IDisposable
{
    /// <summary>For the client's files; removed in the end.</summary>
    public string Home { get; } = System.IO.Directory.CreateTempSubdirectory("site-").FullName;

    /// <summary>Where validation comes to.</summary>
    public int Port => Instance.Options.Http01Port;

    /// <summary>Where validation by TLS comes to.</summary>
    public int TlsPort => Instance.Options.TlsAlpn01Port;

    public string At(params string[] parts) => Path.Combine([Home, .. parts]);

    public void Dispose() => System.IO.Directory.Delete(Home, recursive: true);
}

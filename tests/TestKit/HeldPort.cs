using System.Net;
using System.Net.Sockets;

namespace GrpcCa.TestKit;

/// <summary>
/// Keeps the port of a server that is away: connections to it are refused, as where nobody listens, and nobody who asks for a free
/// port gets it meanwhile.
/// </summary>
internal sealed class HeldPort : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public HeldPort(IPEndPoint endpoint)
    {
        try
        {
            socket.Bind(endpoint);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => socket.Dispose();
}

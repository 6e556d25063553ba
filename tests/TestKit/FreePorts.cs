using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace GrpcCa.TestKit;

/// <summary>
/// Ports for programs that cannot be given port 0: each once per test run, and below the range from which the system
/// takes ports for outgoing connections, so that nobody comes in between.
/// </summary>
internal static class FreePorts
{
    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    public static int Next()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(16000, 32000);
            if (Taken.TryAdd(port, true) && IsFree(port)) return port;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Any, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Net.Sockets;

namespace GrpcCa.Host;

/// <summary>The file of a Unix socket to listen at.</summary>
internal static class SocketFile
{
    /// <summary>Makes the path free to listen at, in a directory of mode 0700: what a program that was killed left there goes.</summary>
    /// <exception cref="IOException">Others may enter the directory, another program answers there, or it is something else than a socket.</exception>
    public static void Claim(string path)
    {
        SyncedFile.EnsurePrivateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path)) return;
        if (new FileInfo(path).Length > 0) throw new IOException($"'{path}' is a file, and no socket; it is left as it is");
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            // Nobody answers.
            File.Delete(path);
            return;
        }
        throw new IOException($"another program answers on '{path}'");
    }
}

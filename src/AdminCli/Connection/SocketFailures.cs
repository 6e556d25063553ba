using System.Net.Sockets;

namespace GrpcCa.AdminCli.Connection;

/// <summary>What a socket that cannot be connected to means for the person in front of it.</summary>
internal static class SocketFailures
{
    public static CliFailure Of(SocketException fault, string path) => fault.SocketErrorCode switch
    {
        // What .NET makes of ENOENT.
        SocketError.AddressNotAvailable => Unreachable($"there is no socket {path}", "is ./run running, in this directory? another instance is named with --server unix:PATH", fault),
        SocketError.AccessDenied => new CliFailure(ExitCodes.NotAllowed, "UNREACHABLE", $"this user may not open the socket {path}",
            "the socket is its owner's alone: run this as the user of the control plane, or log in remotely with 'grpcca login TOKEN'", fault),
        SocketError.ConnectionRefused => Unreachable($"nobody listens on the socket {path}", "the control plane has stopped; is ./run running?", fault),
        _ => Unreachable($"cannot connect to the socket {path}: {fault.Message}", "is ./run running?", fault),
    };

    private static CliFailure Unreachable(string message, string hint, SocketException fault) => new(ExitCodes.Unreachable, "UNREACHABLE", message, hint, fault);
}

using System.Net.Sockets;
using System.Security.Cryptography;
using GrpcCa.Host;
using GrpcCa.Protocol.Identity;
using GrpcCa.V1;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>Connects to the Unix socket that a control plane on the same host offers for a stream of calls.</summary>
internal static class NearbySocket
{
    // As over the stream: one answer may be larger than what the control plane puts together.
    private const int LargestMessage = ControlPlaneChannel.LargestAnswer;

    private const int SecretSize = 32;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The socket, with the control plane at its other end: it knew the proof. Null when it cannot be reached, as by another user or from
    /// another container, or when somebody else answers.
    /// </summary>
    public static async Task<MessageSocket?> OpenAsync(ExchangeSocket offer, CancellationToken cancellationToken)
    {
        // Nothing but 32 bytes ever goes to a path that a control plane names before it has shown that it is there.
        if (offer.Secret.Length != SecretSize || offer.Proof.Length != SecretSize || !offer.Path.StartsWith('/') || offer.Path.Contains('\0')) return null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var isOpen = false;
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(offer.Path), patience.Token);
            for (var sent = 0; sent < offer.Secret.Length;) sent += await socket.SendAsync(offer.Secret.Memory[sent..], patience.Token);
            var proof = new byte[SecretSize];
            for (var read = 0; read < proof.Length;)
            {
                var more = await socket.ReceiveAsync(proof.AsMemory(read), patience.Token);
                if (more == 0) return null;
                read += more;
            }
            isOpen = CryptographicOperations.FixedTimeEquals(proof, offer.Proof.Span);
            return isOpen ? new MessageSocket(socket, LargestMessage) : null;
        }
        catch (Exception fault) when (fault is SocketException or ArgumentException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The stream goes on as it is.
            return null;
        }
        finally
        {
            if (!isOpen) socket.Dispose();
        }
    }
}

using Grpc.Core;
using Grpc.Net.Client;
using GrpcCa.Host.Identity;
using GrpcCa.Protocol.Identity;

namespace GrpcCa.AdminCli.Connection;

/// <summary>The one connection of a run; over a socket the server knows the caller by its user id, remotely by certificate.</summary>
internal sealed class ControlPlaneLink : IDisposable
{
    private readonly GrpcChannel channel;
    private readonly StoredIdentity? identity;

    private ControlPlaneLink(GrpcChannel channel, StoredIdentity? identity, PeerTrust? trust)
    {
        this.channel = channel;
        this.identity = identity;
        Trust = trust;
        Invoker = channel.CreateCallInvoker();
    }

    public CallInvoker Invoker { get; }

    /// <summary>Who a remote server must be; it remembers why one was not. Null for a socket.</summary>
    public PeerTrust? Trust { get; }

    /// <summary>Whether the client certificate has passed two thirds of its life.</summary>
    public bool WantsRenewal(DateTimeOffset now) => identity is not null && now >= identity.RenewAt;

    /// <exception cref="IdentityException">A remote server needs an identity, and there is none or it is damaged.</exception>
    public static ControlPlaneLink Open(ServerAddress address, string identityDirectory, TimeProvider time)
    {
        if (address.Socket is { } path) return new ControlPlaneLink(ControlPlaneChannel.OpenUnix(path), identity: null, trust: null);
        var store = new IdentityStore(identityDirectory);
        if (!store.Exists)
            throw new CliFailure(ExitCodes.NotAllowed, "IDENTITY", $"there is no identity in {identityDirectory} to call {address} with",
                "log in with 'grpcca login --token-file FILE'; an owner makes tokens with 'grpcca operator create ID --role ROLE'");
        var stored = store.Load();
        var trust = new PeerTrust(stored.RootDers, time);
        return new ControlPlaneLink(ControlPlaneChannel.Open(address.Endpoint, trust, stored.Certificate), stored, trust);
    }

    /// <summary>For callers who show something else than a client certificate.</summary>
    /// <exception cref="CliFailure">It is a socket, or not the server of the fingerprint.</exception>
    public static async Task<ControlPlaneLink> OpenWithoutLoginAsync(ServerAddress address, ReadOnlyMemory<byte> rootSha256, TimeProvider time, CancellationToken cancel)
    {
        if (address.Socket is not null) throw CliFailure.Usage($"--trust is for a remote server, and {address} is a socket");
        try
        {
            var trust = new PeerTrust([await IdentityRoots.FindAsync(address.Endpoint, rootSha256, "this fingerprint", time, cancel)], time);
            return new ControlPlaneLink(ControlPlaneChannel.Open(address.Endpoint, trust, identity: null), identity: null, trust);
        }
        catch (IdentityException fault)
        {
            throw new CliFailure(ExitCodes.Unreachable, "UNREACHABLE", fault.Message, "'grpcca authority show identity' on the server tells its fingerprint", fault);
        }
    }

    public void Dispose()
    {
        channel.Dispose();
        identity?.Dispose();
    }
}

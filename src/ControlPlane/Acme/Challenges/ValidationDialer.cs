using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>The one way validators open a connection: name, addresses, guard, socket.</summary>
internal sealed class ValidationDialer(ValidationResolver resolver, ValidationOptions options, TimeProvider time)
{
    /// <summary>Connects to a name or an address; RFC 8555 §8.3 leaves the choice of address to us: IPv6, then IPv4 once.</summary>
    /// <exception cref="AttemptFailedException">Dns or Connection.</exception>
    public async Task<Socket> DialAsync(
        string host, int port, ImmutableArray<IPEndPoint> resolvers, DialGuard guard, AttemptTrace trace, CancellationToken cancellationToken)
    {
        var resolved = await AddressesAsync(host, resolvers, trace, cancellationToken);
        trace.AddressesResolved = [.. resolved.Select(address => address.ToString())];
        var targets = Targets(host, resolved, guard);
        var faults = new List<string>(targets.Length);
        foreach (var target in targets)
        {
            var endpoint = new IPEndPoint(target, port);
            trace.AddressDialled = endpoint.ToString();
            trace.Enter($"connecting to {endpoint}");
            var (socket, fault) = await ConnectAsync(endpoint, cancellationToken);
            if (socket is not null) return socket;
            faults.Add($"{endpoint}: {fault}");
        }
        throw new AttemptFailedException(RefusalReason.Connection, $"could not connect to {host}: {string.Join("; ", faults)}");
    }

    private async Task<ImmutableArray<IPAddress>> AddressesAsync(
        string host, ImmutableArray<IPEndPoint> resolvers, AttemptTrace trace, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal)) return [literal];
        trace.Enter($"resolving {host}", RefusalReason.Dns);
        var resolution = await resolver.ResolveAsync(host, resolvers, cancellationToken);
        return resolution.Fault is null ? resolution.Addresses : throw new AttemptFailedException(RefusalReason.Dns, resolution.Fault);
    }

    /// <summary>At most one IPv6 and one IPv4 address, both allowed.</summary>
    private static ImmutableArray<IPAddress> Targets(string host, ImmutableArray<IPAddress> resolved, DialGuard guard)
    {
        var verdicts = resolved.Select(guard.Judge).ToList();
        var allowed = verdicts.Where(verdict => verdict.Allowed).Select(verdict => verdict.Address).ToList();
        if (allowed.Count == 0)
        {
            var refusals = string.Join("; ", verdicts.Take(8).Select(verdict => verdict.Refusal));
            throw new AttemptFailedException(RefusalReason.Connection, $"{host} was not dialled: {refusals}", mayRetry: false);
        }
        return
        [
            .. allowed.Where(address => address.AddressFamily == AddressFamily.InterNetworkV6).Take(1),
            .. allowed.Where(address => address.AddressFamily == AddressFamily.InterNetwork).Take(1),
        ];
    }

    private async Task<(Socket? Socket, string Fault)> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        Socket? socket = null;
        try
        {
            socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(endpoint, either.Token);
            var connected = socket;
            socket = null;
            return (connected, "");
        }
        catch (SocketException fault)
        {
            return (null, SocketFault.Say(fault.SocketErrorCode));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"no connection within {options.ConnectTimeout.TotalSeconds:0.#} s");
        }
        finally
        {
            socket?.Dispose();
        }
    }
}

/// <summary>Words for what went wrong on a socket.</summary>
internal static class SocketFault
{
    public static string Say(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "connection reset",
        SocketError.ConnectionAborted => "connection aborted",
        SocketError.HostUnreachable => "no route to host",
        SocketError.NetworkUnreachable => "network unreachable",
        SocketError.TimedOut => "connection timed out",
        SocketError.AddressFamilyNotSupported => "this host has no such address family",
        SocketError.AccessDenied => "not permitted by this host",
        _ => error.ToString(),
    };
}

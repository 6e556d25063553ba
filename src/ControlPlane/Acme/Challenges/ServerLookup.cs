using System.Collections.Immutable;
using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>Asks the configured DNS servers for A and AAAA: UDP, TCP when an answer was cut off, nothing kept.</summary>
internal sealed class ServerLookup
{
    private readonly LookupClient client;
    private readonly string servers;

    public ServerLookup(ValidationOptions options)
    {
        servers = string.Join(", ", options.Resolver);
        client = new LookupClient(new LookupClientOptions([.. options.Resolver])
        {
            AutoResolveNameServers = false,
            UseCache = false,
            UseTcpFallback = true,
            UseRandomNameServer = false,
            ThrowDnsErrors = false,
            ContinueOnDnsError = true,
            ContinueOnEmptyResponse = false,
            // A lost datagram is asked again while the caller's bound lasts.
            Timeout = options.ResolveTimeout / 2.5,
            Retries = 1,
        });
    }

    public async Task<Resolution> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        var six = AskAsync(name, QueryType.AAAA, cancellationToken);
        var four = AskAsync(name, QueryType.A, cancellationToken);
        var (sixFound, sixFault) = await six;
        var (fourFound, fourFault) = await four;
        var addresses = sixFound.AddRange(fourFound);
        if (!addresses.IsEmpty) return new Resolution(addresses, null);
        // A fault of either question outweighs "there is none" from the other.
        var fault = fourFault ?? sixFault;
        return Resolution.Failed(fault is null ? $"DNS has no A or AAAA records for {name} (from {servers})" : $"{fault} (from {servers})");
    }

    private async Task<(ImmutableArray<IPAddress> Found, string? Fault)> AskAsync(string name, QueryType type, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.QueryAsync(name, type, cancellationToken: cancellationToken);
            return answer.Header.ResponseCode switch
            {
                DnsHeaderResponseCode.NoError => ([.. answer.Answers.OfType<AddressRecord>().Select(record => record.Address)], null),
                DnsHeaderResponseCode.NotExistentDomain => ([], $"DNS knows no name {name} (NXDOMAIN)"),
                DnsHeaderResponseCode.ServerFailure => ([], $"DNS failed for {name}: the server answered SERVFAIL"),
                DnsHeaderResponseCode.Refused => ([], $"DNS failed for {name}: the server answered REFUSED"),
                var code => ([], $"DNS failed for {name}: the server answered {code}"),
            };
        }
        catch (DnsResponseException fault) when (fault.Code == DnsResponseCode.ConnectionTimeout)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ([], $"DNS gave no answer for {name}: the server timed out");
        }
        // Whatever the wire brings (garbage, a reset, a label too long) is an answer that cannot be used.
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The library turns a cancellation into faults of its own.
            cancellationToken.ThrowIfCancellationRequested();
            return ([], $"DNS failed for {name}: the answer could not be read ({fault.GetType().Name})");
        }
    }
}

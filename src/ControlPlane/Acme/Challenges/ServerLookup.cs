using System.Collections.Immutable;
using System.Net;
using DnsClient;
using DnsClient.Protocol;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>Asks configured DNS servers for the addresses of a name: A and AAAA at once.</summary>
internal static class ServerLookup
{
    public static async Task<Resolution> ResolveAsync(NameServerClient client, string name, CancellationToken cancellationToken)
    {
        var six = AskAsync(client, name, QueryType.AAAA, cancellationToken);
        var four = AskAsync(client, name, QueryType.A, cancellationToken);
        var (sixFound, sixFault) = await six;
        var (fourFound, fourFault) = await four;
        var addresses = sixFound.AddRange(fourFound);
        if (!addresses.IsEmpty) return new Resolution(addresses, null);
        // A fault of either question outweighs "there is none" from the other.
        var fault = fourFault ?? sixFault;
        return Resolution.Failed(fault is null ? $"DNS has no A or AAAA records for {name} (from {client.Servers})" : $"{fault} (from {client.Servers})");
    }

    private static async Task<(ImmutableArray<IPAddress> Found, string? Fault)> AskAsync(
        NameServerClient client, string name, QueryType type, CancellationToken cancellationToken)
    {
        var answer = await client.AskAsync(name, type, cancellationToken);
        return answer.Verdict == RecordVerdict.Answered
            ? ([.. answer.Records.OfType<AddressRecord>().Select(record => record.Address)], null)
            : ([], answer.Fault);
    }
}

using System.Collections.Immutable;
using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace GrpcCa.ControlPlane.Acme.Challenges.Lookup;

/// <summary>Finds the records of one type at a name, following aliases (CNAME, DNAME) itself where the server does not.</summary>
internal sealed class RecordLookup(NameServers servers, ValidationOptions options, TimeProvider time)
{
    /// <summary>Aliases followed from one name; RFC 1034 leaves the number to us.</summary>
    public const int MostAliases = 10;

    /// <summary>A failed look-up is a set with a fault; only the caller's cancellation throws.</summary>
    public async Task<RecordSet> FindAsync(string name, QueryType type, ImmutableArray<IPEndPoint> resolvers, CancellationToken cancellationToken)
    {
        var client = servers.For(resolvers);
        var path = new List<string> { name };
        while (true)
        {
            var asked = path[^1];
            var answer = await AskAsync(client, asked, type, cancellationToken);
            if (answer.Verdict == RecordVerdict.Failed) return Without(RecordVerdict.Failed, path, $"{answer.Fault} (from {client.Servers})", answer.Server);
            if (Follow(answer.Records, type, path) is { } fault) return Without(RecordVerdict.Failed, path, fault, answer.Server);
            var here = Owned(answer.Records, path[^1]).Where(record => (int)record.RecordType == (int)type).ToImmutableArray();
            if (!here.IsEmpty) return new RecordSet(RecordVerdict.Answered, here, "", answer.Server);
            var last = SafeExcerpt.Of(path[^1]);
            // RFC 6604 §2: the code is about the last name of the chain.
            if (answer.Verdict == RecordVerdict.NoSuchName)
                return Without(RecordVerdict.NoSuchName, path, $"DNS knows no name {last} (NXDOMAIN, from {answer.Server})", answer.Server);
            if (path[^1] == asked) return Without(RecordVerdict.NoRecords, path, $"DNS has no {type} records for {last} (from {answer.Server})", answer.Server);
        }
    }

    private async Task<RecordAnswer> AskAsync(NameServerClient client, string name, QueryType type, CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(options.ResolveTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            return await client.AskAsync(name, type, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new RecordAnswer(RecordVerdict.Failed, [], $"DNS gave no answer for {SafeExcerpt.Of(name)} within {options.ResolveTimeout.TotalSeconds:0.#} s", "");
        }
    }

    /// <summary>Walks the aliases that one answer holds; the fault says that they lead nowhere.</summary>
    private static string? Follow(ImmutableArray<DnsResourceRecord> records, QueryType type, List<string> path)
    {
        while (!Owned(records, path[^1]).Any(record => (int)record.RecordType == (int)type) && Alias.Of(records, path[^1]) is { } next)
        {
            if (path.Contains(next)) return $"the aliases of {SafeExcerpt.Of(path[0])} lead back to {SafeExcerpt.Of(next)}: a loop";
            if (path.Count > MostAliases) return $"{SafeExcerpt.Of(path[0])} has more than {MostAliases} aliases one after the other";
            if (next.Length is 0 or > 253) return $"an alias of {SafeExcerpt.Of(path[0])} leads to a name that cannot be asked for";
            path.Add(next);
        }
        return null;
    }

    private static IEnumerable<DnsResourceRecord> Owned(ImmutableArray<DnsResourceRecord> records, string name) =>
        records.Where(record => Alias.Plain(record.DomainName) == name);

    private static RecordSet Without(RecordVerdict verdict, List<string> path, string fault, string server) =>
        new(verdict, [], path.Count == 1 ? fault : $"{SafeExcerpt.Of(path[0])} is an alias of {SafeExcerpt.Of(path[^1])}: {fault}", server);
}

/// <summary>The records of one type at the end of a name's aliases.</summary>
/// <param name="Verdict">Whether there are any.</param>
/// <param name="Records">Of the type asked for only.</param>
/// <param name="Fault">A sentence when there are none.</param>
/// <param name="Server">Who answered; empty when nobody did.</param>
internal sealed record RecordSet(RecordVerdict Verdict, ImmutableArray<DnsResourceRecord> Records, string Fault, string Server);

using System.Collections.Immutable;
using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace GrpcCa.ControlPlane.Acme.Challenges.Lookup;

/// <summary>Asks one list of DNS servers, one after the other: UDP, TCP when an answer was cut off, nothing kept.</summary>
internal sealed class NameServerClient
{
    private readonly LookupClient client;

    public NameServerClient(ImmutableArray<IPEndPoint> servers, TimeSpan within)
    {
        Servers = string.Join(", ", servers);
        client = new LookupClient(new LookupClientOptions([.. servers])
        {
            AutoResolveNameServers = false,
            UseCache = false,
            UseTcpFallback = true,
            UseRandomNameServer = false,
            ThrowDnsErrors = false,
            ContinueOnDnsError = true,
            ContinueOnEmptyResponse = false,
            // A lost datagram is asked again while the caller's bound lasts.
            Timeout = within / 2.5,
            Retries = 1,
        });
    }

    /// <summary>The servers' addresses, for sentences.</summary>
    public string Servers { get; }

    /// <summary>A failed question is an answer with a fault; only the caller's cancellation throws.</summary>
    public async Task<RecordAnswer> AskAsync(string name, QueryType type, CancellationToken cancellationToken)
    {
        var shown = SafeExcerpt.Of(name);
        try
        {
            var answer = await client.QueryAsync(name, type, cancellationToken: cancellationToken);
            ImmutableArray<DnsResourceRecord> records = [.. answer.Answers];
            return answer.Header.ResponseCode switch
            {
                DnsHeaderResponseCode.NoError => new(RecordVerdict.Answered, records, "", $"{answer.NameServer}"),
                DnsHeaderResponseCode.NotExistentDomain => new(RecordVerdict.NoSuchName, records, $"DNS knows no name {shown} (NXDOMAIN)", $"{answer.NameServer}"),
                DnsHeaderResponseCode.ServerFailure => Failed($"DNS failed for {shown}: the server answered SERVFAIL"),
                DnsHeaderResponseCode.Refused => Failed($"DNS failed for {shown}: the server answered REFUSED"),
                var code => Failed($"DNS failed for {shown}: the server answered {code}"),
            };
        }
        catch (DnsResponseException fault) when (fault.Code == DnsResponseCode.ConnectionTimeout)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Failed($"DNS gave no answer for {shown}: the server timed out");
        }
        // Whatever the wire brings (garbage, a reset, a label too long) is an answer that cannot be used.
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The library turns a cancellation into faults of its own.
            cancellationToken.ThrowIfCancellationRequested();
            return Failed($"DNS failed for {shown}: the answer could not be read ({fault.GetType().Name})");
        }
    }

    private static RecordAnswer Failed(string fault) => new(RecordVerdict.Failed, [], fault, "");
}

/// <summary>What came of one question to the servers.</summary>
/// <param name="Verdict">Whether there is an answer.</param>
/// <param name="Records">All of the answer section, aliases too.</param>
/// <param name="Fault">A sentence when the verdict is another than answered.</param>
/// <param name="Server">Who answered; empty when nobody did.</param>
internal sealed record RecordAnswer(RecordVerdict Verdict, ImmutableArray<DnsResourceRecord> Records, string Fault, string Server);

/// <summary>The ways a question ends; a failure is never taken for an absence.</summary>
internal enum RecordVerdict
{
    Answered = 1,
    NoSuchName,
    NoRecords,
    Failed,
}

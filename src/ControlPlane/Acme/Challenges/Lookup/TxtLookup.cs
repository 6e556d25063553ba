using System.Collections.Immutable;
using DnsClient;
using DnsClient.Protocol;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Lookup;

/// <summary>The TXT values of a name, as one attempt of a dns challenge sees them.</summary>
internal sealed class TxtLookup(RecordLookup records)
{
    private const int MostShown = 5;

    /// <summary>Each record's chunks joined.</summary>
    /// <exception cref="AttemptFailedException">Dns: no such name, no TXT records, or no usable answer.</exception>
    public async Task<ImmutableArray<string>> FindAsync(string name, ValidationBounds bounds, AttemptTrace trace, CancellationToken cancellationToken)
    {
        // RFC 4501 writes DNS questions as URLs.
        trace.Url = $"dns:{name}?type=TXT";
        trace.Enter($"asking DNS for the TXT records of {name}", RefusalReason.Dns);
        var found = await records.FindAsync(name, QueryType.TXT, bounds.Resolvers, cancellationToken);
        trace.AddressDialled = found.Server;
        if (found.Verdict != RecordVerdict.Answered) throw new AttemptFailedException(RefusalReason.Dns, found.Fault);
        ImmutableArray<string> values = [.. found.Records.OfType<TxtRecord>().Select(record => string.Concat(record.Text))];
        trace.BytesRead = values.Sum(value => (long)value.Length);
        return values;
    }

    /// <summary>Values for a sentence: the first few, quoted.</summary>
    public static string Show(ImmutableArray<string> values)
    {
        var shown = string.Join(", ", values.Take(MostShown).Select(value => $"\"{SafeExcerpt.Of(value)}\""));
        return values.Length > MostShown ? $"{shown} and {values.Length - MostShown} more" : shown;
    }
}

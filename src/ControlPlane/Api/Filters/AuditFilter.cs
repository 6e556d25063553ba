using System.Globalization;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Filters;

/// <summary>Which events of the audit a list wants. The bytes that are hashed have no columns: events are read and looked at.</summary>
internal sealed class AuditFilter
{
    private static readonly string[] Equal = ["="];
    private static readonly string[] Ordered = ["<", "<=", ">", ">="];

    private static readonly Dictionary<string, string[]> Fields = new(StringComparer.Ordinal)
    {
        ["actor"] = Equal,
        ["action"] = Equal,
        ["resource"] = Equal,
        ["create_time"] = Ordered,
    };

    // Replicas' clocks differ: the order of the audit is nearly that of its times.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    private readonly List<Func<AuditEvent, bool>> conditions = [];
    private DateTimeOffset earliest = DateTimeOffset.MinValue;

    /// <exception cref="RefusalException">The filter is wrong.</exception>
    public static AuditFilter Read(string text)
    {
        var filter = new AuditFilter();
        foreach (var term in FilterParser.Parse(text, Fields)) filter.Add(term);
        return filter;
    }

    public bool Takes(AuditEvent auditEvent) => conditions.TrueForAll(c => c(auditEvent));

    /// <summary>Whether nothing behind this event, newest first, can be wanted.</summary>
    public bool Ended(AuditEvent auditEvent) => earliest > DateTimeOffset.MinValue && auditEvent.Time < earliest - ClockSkew;

    private void Add(FilterTerm term)
    {
        if (term.Field == "create_time")
        {
            var time = Time(term.Value);
            if (term.Operator[0] == '>' && time > earliest) earliest = time;
            conditions.Add(term.Operator switch
            {
                "<" => e => e.Time < time,
                "<=" => e => e.Time <= time,
                ">" => e => e.Time > time,
                _ => e => e.Time >= time,
            });
            return;
        }
        conditions.Add(term.Field switch
        {
            "actor" => e => e.Actor == term.Value,
            "action" => e => e.Action == term.Value,
            _ => e => e.Resource == term.Value,
        });
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && text.Contains('T', StringComparison.Ordinal)
            ? time
            : throw new RefusalException(RefusalReason.InvalidArgument, $"the filter is wrong: create_time is compared with a time such as \"2026-12-01T00:00:00Z\", not {Excerpt.Of(text)}") { Field = "filter" };
}

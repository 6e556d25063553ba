using System.Collections.Immutable;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>The words of a refusal: which limit, its size, when to come again.</summary>
internal static class LimitRefusal
{
    public static RefusalException Of(ImmutableArray<Shortage> shortages, string? helpUrl, DateTimeOffset now)
    {
        var longest = shortages.MaxBy(shortage => shortage.Until);
        return new RefusalException(RefusalReason.RateLimited, Sentence(longest))
        {
            RetryAfter = Wait(longest, now),
            HelpUrl = helpUrl,
            Parts = [.. shortages.Where(s => s.Claim.Name is not null).Select(s => new RefusalPart(RefusalReason.RateLimited, Sentence(s), s.Claim.Name!.TypeName, s.Claim.Name.Value))],
        };
    }

    private static string Sentence(Shortage shortage)
    {
        var (limit, size) = (shortage.Claim.Limit, shortage.Claim.Size);
        var words = $"the limit {limit.OptionName()} is reached: {limit.Describe(size, shortage.Claim.Name?.Value ?? "")}";
        // Rounded up: who comes at that second is not too early.
        var until = $"{shortage.Until.AddTicks(TimeSpan.TicksPerSecond - 1):yyyy-MM-ddTHH:mm:ssZ}";
        return limit == LimitKind.PendingAuthorizationsPerAccount
            ? $"{words}; finish or deactivate some, the first expires at {until}"
            : $"{words}; the next is taken at {until}";
    }

    // Whole seconds, as Retry-After has them, and never too early.
    private static TimeSpan Wait(Shortage shortage, DateTimeOffset now) =>
        TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling((shortage.Until - now).TotalSeconds)));
}

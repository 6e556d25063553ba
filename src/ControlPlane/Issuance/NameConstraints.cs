using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>
/// The names below an authority (RFC 5280 §4.2.1.10): dns subtrees with their apex, and address ranges. A kind that has
/// no entry is excluded as a whole, since the RFC lets unmentioned kinds pass.
/// </summary>
internal sealed record NameConstraints
{
    private NameConstraints(ImmutableArray<string> subtrees, ImmutableArray<IPNetwork> ranges)
    {
        Subtrees = subtrees;
        Ranges = ranges;
    }

    /// <summary>Permitted dns subtrees, lower case: <c>net.gq</c> is the name itself and all below it.</summary>
    public ImmutableArray<string> Subtrees { get; }

    /// <summary>Permitted addresses.</summary>
    public ImmutableArray<IPNetwork> Ranges { get; }

    /// <summary>No dns name at all is permitted.</summary>
    public bool ExcludesAllNames => Subtrees.IsEmpty;

    /// <summary>No address at all is permitted.</summary>
    public bool ExcludesAllAddresses => Ranges.IsEmpty;

    /// <summary>
    /// Reads what people write: <c>net.gq</c> or <c>subtree:net.gq</c>, <c>100.64.0.0/10</c> or <c>ip:100.64.0.0/10</c>.
    /// An empty list is no limit, and null.
    /// </summary>
    /// <exception cref="FormatException">An entry is neither; the message says which.</exception>
    public static NameConstraints? Parse(IEnumerable<string> permitted)
    {
        var subtrees = ImmutableArray.CreateBuilder<string>();
        var ranges = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var entry in permitted)
        {
            var text = entry.StartsWith("subtree:", StringComparison.Ordinal) ? entry[8..]
                : entry.StartsWith("ip:", StringComparison.Ordinal) ? entry[3..] : entry;
            if (text.Contains('/', StringComparison.Ordinal)) ranges.Add(ParseRange(text));
            else subtrees.Add(ParseSubtree(text));
        }
        return subtrees.Count + ranges.Count == 0 ? null : new NameConstraints(subtrees.ToImmutable(), ranges.ToImmutable());
    }

    /// <summary>The entries as <see cref="Parse"/> reads them.</summary>
    public ImmutableArray<string> ToTexts() => [.. Subtrees, .. Ranges.Select(range => range.ToString())];

    private static IPNetwork ParseRange(string text) => IPNetwork.TryParse(text, out var range)
        ? range
        : throw new FormatException($"'{text}' is no address range such as 100.64.0.0/10 (bits beyond the prefix must be zero)");

    private static string ParseSubtree(string text) =>
        Identifier.TryParse("dns", text, out var name, out _, out var detail) && !name.IsWildcard
            ? name.Value
            : throw new FormatException($"'{text}' is no subtree such as net.gq{(detail.Length > 0 ? ": " + detail : "")}");
}

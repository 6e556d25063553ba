using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;

namespace GrpcCa.ControlPlane.Acme.Challenges.Caa;

/// <summary>One CAA record (RFC 8659 §4.1).</summary>
internal sealed record CaaProperty(byte Flags, string Tag, string Value)
{
    /// <summary>Bit 0 in the RFC's counting, the highest.</summary>
    public bool IsCritical => (Flags & 0x80) != 0;

    public bool Is(string tag) => Tag.Equals(tag, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Who asks for what.</summary>
/// <param name="Identities">The names this CA goes by.</param>
/// <param name="Method">The challenge type.</param>
/// <param name="AccountUrls">All URLs of the account.</param>
/// <param name="Wildcard">Whether it is for a wildcard.</param>
/// <param name="Required">Whether silence means no.</param>
internal sealed record CaaQuestion(ImmutableArray<string> Identities, string Method, ImmutableArray<string> AccountUrls, bool Wildcard, bool Required);

/// <summary>Decides by a relevant record set (RFC 8659 §4, RFC 8657); pure.</summary>
internal static class CaaRules
{
    // RFC 8659 §4.2–4.4 and RFC 9495; a critical property of any other kind forbids.
    private static readonly ImmutableArray<string> Known = ["issue", "issuewild", "iodef", "issuemail"];

    /// <summary>A sentence when the records forbid it, else null.</summary>
    public static string? WhyForbidden(ImmutableArray<CaaProperty> properties, CaaQuestion question)
    {
        foreach (var property in properties)
            if (property.IsCritical && !Known.Any(property.Is)) return $"the critical property \"{SafeExcerpt.Of(property.Tag)}\" is unknown, which forbids issuing";
        // RFC 8659 §4.3: issuewild, if there is any, takes the place of issue for wildcards, and means nothing else.
        var wild = properties.Where(property => property.Is("issuewild")).ToList();
        var tag = question.Wildcard && wild.Count > 0 ? "issuewild" : "issue";
        var relevant = tag == "issuewild" ? wild : properties.Where(property => property.Is("issue")).ToList();
        if (relevant.Count == 0)
            return question.Required ? $"there is no {tag} record, and this provisioner requires one that names {Names(question)}" : null;
        var refusals = new List<string>();
        foreach (var property in relevant)
        {
            if (WhyNotThis(property, question) is not { } refusal) return null;
            refusals.Add($"{tag} \"{SafeExcerpt.Of(property.Value)}\" {refusal}");
        }
        return string.Join("; ", refusals.Take(5));
    }

    private static string? WhyNotThis(CaaProperty property, CaaQuestion question)
    {
        // RFC 8659 §4.2: what does not follow the grammar allows nobody.
        if (!IssueValue.TryParse(property.Value, out var value)) return "is malformed, which allows nobody";
        if (value.Issuer.Length == 0) return "allows nobody";
        if (!question.Identities.Contains(value.Issuer, StringComparer.OrdinalIgnoreCase)) return $"names another CA than {Names(question)}";
        return WrongAccount(value, question) ?? WrongMethod(value, question);
    }

    // RFC 8657 §3: a second accounturi cannot be met.
    private static string? WrongAccount(IssueValue value, CaaQuestion question)
    {
        var accounts = value.All("accounturi");
        if (accounts.IsEmpty) return null;
        if (accounts.Length > 1) return "has accounturi twice";
        return question.AccountUrls.Contains(accounts[0], StringComparer.Ordinal) ? null : "names another account";
    }

    // RFC 8657 §4: labels with commas between them; none at all allows no method.
    private static string? WrongMethod(IssueValue value, CaaQuestion question)
    {
        var methods = value.All("validationmethods");
        if (methods.IsEmpty) return null;
        if (methods.Length > 1) return "has validationmethods twice";
        return methods[0].Split(',').Contains(question.Method, StringComparer.Ordinal) ? null : $"does not allow validation by {question.Method}";
    }

    private static string Names(CaaQuestion question) => question.Identities.IsEmpty ? "this CA (which has no CAA identities)" : string.Join(" or ", question.Identities);
}

using System.Collections.Immutable;
using System.Net.Mail;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>Contact URLs (RFC 8555 §7.3): mailto with exactly one plain address each.</summary>
internal static class Contacts
{
    /// <summary>How many an account may have.</summary>
    public const int Most = 10;

    private const int Longest = 320 + 7;

    /// <summary>Reads the member <c>contact</c>; null when it is absent.</summary>
    /// <exception cref="RefusalException">Malformed, UnsupportedContact, InvalidContact.</exception>
    public static ImmutableArray<string>? Read(JsonPayload payload) =>
        payload.FindStrings("contact", Most) is { } contacts ? [.. contacts.Select(Check)] : null;

    private static string Check(string contact)
    {
        const string scheme = "mailto:";
        var colon = contact.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0) throw Invalid(contact, "is no URL");
        if (!contact.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            throw new RefusalException(RefusalReason.UnsupportedContact, $"contact scheme {Excerpt.Of(contact[..colon])} is not supported; use mailto:");
        if (contact.Length > Longest) throw Invalid(contact, $"is longer than {Longest} characters");
        var address = contact[scheme.Length..];
        // RFC 8555 §7.3: no hfields, no more than one addr-spec.
        if (address.Contains('?', StringComparison.Ordinal)) throw Invalid(contact, "has header fields");
        if (address.Contains(',', StringComparison.Ordinal)) throw Invalid(contact, "has more than one address");
        if (address.Any(c => c is <= ' ' or > '~' or '"' or '<' or '>' or '(' or ')' or '\\')
            || !MailAddress.TryCreate(address, out var parsed) || parsed.Address != address || parsed.Host.StartsWith('[') || parsed.Host.EndsWith('.'))
            throw Invalid(contact, "is no e-mail address");
        return scheme + address;
    }

    private static RefusalException Invalid(string contact, string why) =>
        new(RefusalReason.InvalidContact, $"contact {Excerpt.Of(contact)} {why}");
}

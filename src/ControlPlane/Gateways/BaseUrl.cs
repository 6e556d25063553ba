using System.Buffers;
using System.Globalization;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>The origins gateways answer to: https, a host, maybe a port, and nothing else.</summary>
internal static class BaseUrl
{
    private const string Scheme = "https://";

    private static readonly SearchValues<char> NotInOrigins = SearchValues.Create("/?#@\\% ");

    /// <summary>Canonical form: host in lower case, port only when it is not 443.</summary>
    /// <exception cref="RefusalException">It is not an https origin.</exception>
    public static string Canonical(string text, string field)
    {
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw Refused(text, field, "is not an https URL; write https://ca.example or https://ca.example:8443");
        var rest = text[Scheme.Length..];
        if (rest.AsSpan().ContainsAny(NotInOrigins))
            throw Refused(text, field, "has more than scheme, host and port; write https://ca.example or https://ca.example:8443");
        var (host, port) = Split(text, rest, field);
        return Scheme + Written(ParseHost(text, host, field)) + (port == 443 ? "" : $":{port}");
    }

    /// <summary>The host of a canonical base URL, as a name for a certificate.</summary>
    public static Identifier HostOf(string canonical)
    {
        var rest = canonical.AsSpan(Scheme.Length);
        if (rest[0] == '[') return Identifier.ParseIp(rest[1..rest.IndexOf(']')].ToString());
        var colon = rest.IndexOf(':');
        return ParseName((colon < 0 ? rest : rest[..colon]).ToString());
    }

    private static (string Host, int Port) Split(string text, string rest, string field)
    {
        var end = rest.StartsWith('[') ? rest.IndexOf(']', StringComparison.Ordinal) + 1 : rest.IndexOf(':', StringComparison.Ordinal);
        if (end <= 0) end = rest.Length;
        if (end == rest.Length) return (rest, 443);
        var digits = rest.AsSpan(end + 1);
        if (rest[end] != ':' || digits.Length is 0 or > 5 || digits[0] == '0'
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > 65535)
            throw Refused(text, field, "has a port that is not a number from 1 to 65535");
        return (rest[..end], port);
    }

    private static Identifier ParseHost(string text, string host, string field)
    {
        try
        {
            var name = host.StartsWith('[') && host.EndsWith(']') ? Identifier.ParseIp(host[1..^1]) : ParseName(host);
            var bracketed = host.StartsWith('[');
            if (name.IsWildcard || bracketed != name.Value.Contains(':', StringComparison.Ordinal))
                throw Refused(text, field, "has a host that is neither one DNS name nor an IP address (IPv6 in brackets)");
            return name;
        }
        catch (RefusalException fault) when (fault.Field is null)
        {
            throw Refused(text, field, $"has a host that cannot be used: {fault.Detail}");
        }
    }

    // A DNS name never parses as an address (a dns identifier that does is refused), so the order does not matter.
    private static Identifier ParseName(string host) =>
        System.Net.IPAddress.TryParse(host, out _) ? Identifier.ParseIp(host) : Identifier.ParseDns(host.ToLowerInvariant());

    private static string Written(Identifier host) => host.Value.Contains(':', StringComparison.Ordinal) ? $"[{host.Value}]" : host.Value;

    private static RefusalException Refused(string text, string field, string fault) =>
        new(RefusalReason.InvalidArgument, $"base URL '{text}' {fault}") { Field = field };
}

using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Pki;

internal sealed partial record Identifier
{
    /// <summary>The address of an ip identifier; null for a dns name.</summary>
    public IPAddress? Address => Type == IdentifierType.Ip ? IPAddress.Parse(Value) : null;

    /// <summary>The labels of a dns name from left to right, <c>*</c> included; empty for an address.</summary>
    public ImmutableArray<string> Labels => Type == IdentifierType.Dns ? [.. Value.Split('.')] : [];

    /// <summary>Reads an identifier as ACME writes it (RFC 8555 §7.1.3, RFC 8738 §3).</summary>
    /// <exception cref="RefusalException">UnsupportedIdentifier for another type, Malformed for a wrong value.</exception>
    public static Identifier Parse(string typeName, string value) =>
        TryParse(typeName, value, out var id, out var reason, out var detail) ? id : throw new RefusalException(reason, detail);

    /// <summary>Reads a dns name; see the room's README for the rules.</summary>
    /// <exception cref="RefusalException">Malformed.</exception>
    public static Identifier ParseDns(string value) => Parse("dns", value);

    /// <summary>Reads an address in its canonical text form.</summary>
    /// <exception cref="RefusalException">Malformed.</exception>
    public static Identifier ParseIp(string value) => Parse("ip", value);

    /// <summary>Reads what <see cref="ToString"/> wrote: <c>dns:nas.net.gq</c>, <c>ip:100.64.0.1</c>.</summary>
    /// <exception cref="RefusalException">UnsupportedIdentifier or Malformed.</exception>
    public static Identifier ParseKind(string text)
    {
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon < 0) throw new RefusalException(RefusalReason.Malformed, $"{Excerpt.Of(text)} is neither dns:NAME nor ip:ADDRESS");
        return Parse(text![..colon], text[(colon + 1)..]);
    }

    /// <summary>The canonical identifier of an address.</summary>
    /// <exception cref="RefusalException">Malformed: an IPv4-mapped or scoped IPv6 address.</exception>
    public static Identifier FromAddress(IPAddress address) =>
        IpText.WhyRefused(address) is { } why
            ? throw new RefusalException(RefusalReason.Malformed, $"the address {Excerpt.Of(address.ToString())} {why}")
            : new(IdentifierType.Ip, IpText.Canonical(address));

    /// <summary>As <see cref="Parse"/>, for callers that collect what is wrong with each of several names.</summary>
    public static bool TryParse(
        string typeName, string value, [NotNullWhen(true)] out Identifier? id, out RefusalReason reason, out string detail)
    {
        (id, reason) = (null, RefusalReason.Malformed);
        switch (typeName)
        {
            case "dns":
                // ASCII letters alone: the invariant lower case of U+212A, the Kelvin sign, is an ASCII k.
                var name = value is not null && Ascii.IsValid(value) ? value.ToLowerInvariant() : value ?? "";
                if (DnsNameSyntax.WhyRefused(name) is { } why) detail = $"the dns name {Excerpt.Of(value)} {why}";
                else (id, detail) = (new(IdentifierType.Dns, name), "");
                break;
            case "ip":
                if (IpText.Read(value ?? "", out var address) is { } fault) detail = $"the address {Excerpt.Of(value)} {fault}";
                else (id, detail) = (new(IdentifierType.Ip, IpText.Canonical(address!)), "");
                break;
            default:
                reason = RefusalReason.UnsupportedIdentifier;
                detail = $"the identifier type {Excerpt.Of(typeName)} is not supported; dns and ip are";
                break;
        }
        return id is not null;
    }
}

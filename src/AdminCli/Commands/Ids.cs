using System.Diagnostics.CodeAnalysis;
using GrpcCa.Protocol;

namespace GrpcCa.AdminCli.Commands;

/// <summary>People write <c>acme</c>; the API says <c>provisioners/acme</c>. Both are taken.</summary>
internal static class Ids
{
    /// <summary>The resource name of an id or of a resource name.</summary>
    public static string Name(string collection, string text)
    {
        var id = text.StartsWith(collection + "/", StringComparison.Ordinal) ? text[(collection.Length + 1)..] : text;
        if (id.Length is 0 or > 128 || id.Any(c => c is '/' or '"' or '\\' || char.IsWhiteSpace(c) || char.IsControl(c)))
            throw CliFailure.Usage($"'{text}' is not an id of {collection}");
        return ResourceName.Of(collection, id);
    }

    /// <summary>The resource name when there is a text; else null.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? NameOrNull(string collection, string? text) => text is null ? null : Name(collection, text);

    /// <summary>A certificate by its serial, as openssl and browsers print it too: capitals, colons.</summary>
    public static string Certificate(string text)
    {
        var id = text.StartsWith(ResourceName.Certificates + "/", StringComparison.Ordinal) ? text[(ResourceName.Certificates.Length + 1)..] : text;
        var serial = id.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
        if (serial.Length is 0 or > 40 || !serial.All(char.IsAsciiHexDigitLower))
            throw CliFailure.Usage($"'{text}' is no serial number", "a serial is 1 to 40 hexadecimal digits; 'grpcca certificate list' shows them");
        return ResourceName.Of(ResourceName.Certificates, serial);
    }

    /// <summary>The last part of a resource name.</summary>
    public static string Short(string name) => name[(name.LastIndexOf('/') + 1)..];

    /// <summary>A dns name or address as the API writes identifiers: <c>dns:nas.net.gq</c>, <c>ip:100.64.0.1</c>.</summary>
    public static string Identifier(string text)
    {
        if (text.StartsWith("dns:", StringComparison.Ordinal) || text.StartsWith("ip:", StringComparison.Ordinal)) return text;
        return System.Net.IPAddress.TryParse(text, out var address) && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3)
            ? "ip:" + address
            : "dns:" + text.TrimEnd('.').ToLowerInvariant();
    }
}

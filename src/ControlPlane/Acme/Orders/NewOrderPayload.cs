using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>The payload of new-order (RFC 8555 §7.4), read and canonical. Members it does not know are ignored.</summary>
internal sealed record NewOrderPayload(
    ImmutableArray<Identifier> Identifiers, string? Profile, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter)
{
    /// <exception cref="RefusalException">Malformed, UnsupportedIdentifier; the detail names every bad identifier.</exception>
    public static NewOrderPayload Read(JsonElement payload, int mostIdentifiers)
    {
        if (!payload.TryGetProperty("identifiers", out var list) || list.ValueKind != JsonValueKind.Array)
            throw new RefusalException(RefusalReason.Malformed, "identifiers must be an array of objects with type and value");
        var count = list.GetArrayLength();
        if (count == 0) throw new RefusalException(RefusalReason.Malformed, "identifiers is empty: an order needs at least one name");
        if (count > mostIdentifiers)
            throw new RefusalException(RefusalReason.Malformed, $"{count} identifiers are too many: an order takes at most {mostIdentifiers}");
        return new NewOrderPayload(ReadIdentifiers(list), Text(payload, "profile"), Time(payload, "notBefore"), Time(payload, "notAfter"));
    }

    private static ImmutableArray<Identifier> ReadIdentifiers(JsonElement list)
    {
        var identifiers = new List<Identifier>();
        var faults = new List<(RefusalReason Reason, string Detail)>();
        foreach (var (index, item) in list.EnumerateArray().Index())
        {
            if (item.ValueKind != JsonValueKind.Object || Member(item, "type") is not { } type || Member(item, "value") is not { } value)
                throw new RefusalException(RefusalReason.Malformed, $"identifiers[{index}] must be an object with the strings type and value");
            if (Identifier.TryParse(type, value, out var identifier, out var reason, out var detail)) identifiers.Add(identifier!);
            else faults.Add((reason, $"identifiers[{index}]: {detail}"));
        }
        if (faults.Count > 0)
        {
            var reason = faults.TrueForAll(f => f.Reason == faults[0].Reason) ? faults[0].Reason : RefusalReason.Malformed;
            throw new RefusalException(reason, string.Join("; ", faults.Select(f => f.Detail).Take(10)));
        }
        return [.. identifiers.Distinct()];
    }

    private static string? Member(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Text(JsonElement payload, string member)
    {
        if (!payload.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw new RefusalException(RefusalReason.Malformed, $"{member} must be a string");
    }

    // RFC 8555 §7.4: RFC 3339 date-times.
    private static DateTimeOffset? Time(JsonElement payload, string member)
    {
        var text = Text(payload, member);
        if (string.IsNullOrEmpty(text)) return null;
        return text.Length >= 20 && text.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new RefusalException(RefusalReason.Malformed, $"{member} must be an RFC 3339 date-time, not '{SafeText.Escape(text)}'");
    }
}

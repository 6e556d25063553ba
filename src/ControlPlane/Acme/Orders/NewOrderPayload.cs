using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>The payload of new-order (RFC 8555 §7.4), read and canonical. Members it does not know are ignored.</summary>
internal sealed record NewOrderPayload(
    ImmutableArray<Identifier> Identifiers, string? Profile, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter, string? Replaces)
{
    private const int MostFaultsTold = 10;
    private const int LongestName = 253;

    /// <exception cref="RefusalException">Malformed, UnsupportedIdentifier; the detail names every bad identifier.</exception>
    public static NewOrderPayload Read(JsonPayload payload, int mostIdentifiers)
    {
        var list = payload.RequireObjects("identifiers", mostIdentifiers);
        if (list.IsEmpty) throw new RefusalException(RefusalReason.Malformed, "identifiers is empty: an order needs at least one name");
        return new NewOrderPayload(ReadIdentifiers(list), payload.FindString("profile"), payload.FindTime("notBefore"), payload.FindTime("notAfter"), payload.FindString("replaces"));
    }

    // As the client wrote it, so that it knows which one is meant; cut to what a name can be long.
    private static string Shown(string text) => text.Length <= LongestName ? text : text[..LongestName];

    /// <summary>One identifier object.</summary>
    public static Identifier ReadIdentifier(JsonPayload item) => Identifier.Parse(item.RequireString("type"), item.RequireString("value"));

    private static ImmutableArray<Identifier> ReadIdentifiers(ImmutableArray<JsonPayload> list)
    {
        var identifiers = new List<Identifier>(list.Length);
        var faults = new List<RefusalPart>();
        foreach (var (index, item) in list.Index())
        {
            string type = item.RequireString("type"), value = item.RequireString("value");
            if (Identifier.TryParse(type, value, out var identifier, out var reason, out var detail)) identifiers.Add(identifier!);
            else faults.Add(new RefusalPart(reason, $"identifiers[{index}]: {detail}", Shown(type), Shown(value)));
        }
        if (faults.Count == 0) return [.. identifiers.Distinct()];
        var common = faults.TrueForAll(f => f.Reason == faults[0].Reason) ? faults[0].Reason : RefusalReason.Malformed;
        throw new RefusalException(common, string.Join("; ", faults.Take(MostFaultsTold).Select(f => f.Detail))) { Parts = faults };
    }
}

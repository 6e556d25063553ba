namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Which fields an update changes (AIP-134): the masked ones, all for <c>*</c>, those that are set without a mask.</summary>
internal sealed class FieldChanges(IReadOnlyCollection<string> mask)
{
    /// <summary>Whether a field is to change; a masked parent covers its children.</summary>
    public bool Of(string field, bool isSet) => mask.Count == 0
        ? isSet
        : mask.Contains(field) || mask.Contains("*") || mask.Any(path => field.StartsWith(path + ".", StringComparison.Ordinal));
}

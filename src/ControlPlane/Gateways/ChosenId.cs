using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>Ids that people choose (AIP-122): 1 to 63 of a–z, 0–9 and hyphen, starting with a letter.</summary>
internal static class ChosenId
{
    public static bool IsValid(string id)
    {
        if (id.Length is 0 or > 63 || !char.IsAsciiLetterLower(id[0])) return false;
        foreach (var c in id)
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-') return false;
        return true;
    }

    /// <exception cref="RefusalException">The id cannot be one.</exception>
    public static void Check(string id, string field)
    {
        if (!IsValid(id))
            throw new RefusalException(RefusalReason.InvalidArgument, "an id has 1 to 63 of a–z, 0–9 and hyphen, and starts with a letter") { Field = field };
    }
}

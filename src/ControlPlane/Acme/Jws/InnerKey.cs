using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>Compares a JWK that a payload repeats with the key it must be, by required members only (RFC 7638).</summary>
internal static class InnerKey
{
    public static bool IsKey(ReadOnlySpan<byte> json, JsonWebKey expected, JwsLimits limits)
    {
        try
        {
            return JsonWebKey.Parse(json, "the repeated key", limits).IsSameKey(expected);
        }
        catch (RefusalException)
        {
            // What is no acceptable key at all is not this key; the caller says which member is wrong.
            return false;
        }
    }
}

using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>DER inside a payload member, base64url without padding (RFC 8555 §7.4, §7.6).</summary>
internal static class CsrPayload
{
    /// <summary>The member <c>csr</c> of a finalize request.</summary>
    public static byte[] Read(JsonPayload payload) => ReadDer(payload, "csr", RefusalReason.BadCsr);

    /// <summary>A member that holds DER.</summary>
    /// <exception cref="RefusalException">Malformed when the member is missing, <paramref name="fault"/> when it is no base64url.</exception>
    public static byte[] ReadDer(JsonPayload payload, string member, RefusalReason fault)
    {
        var text = payload.RequireString(member);
        if (text.StartsWith("-----BEGIN", StringComparison.Ordinal))
            throw new RefusalException(fault, $"{member} is PEM; it must be DER in base64url");
        return StrictBase64Url.TryDecode(text, out var der) && der.Length > 0
            ? der
            : throw new RefusalException(fault, $"{member} is not DER in base64url without padding");
    }
}

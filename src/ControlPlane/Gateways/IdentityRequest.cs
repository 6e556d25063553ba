using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>The PKCS#10 by which a joiner shows its key: nothing but the key is taken from it.</summary>
internal static class IdentityRequest
{
    /// <exception cref="RefusalException">It is no request, its signature is wrong, or its key cannot be used.</exception>
    public static PublicKey KeyOf(ReadOnlyMemory<byte> csrDer)
    {
        try
        {
            return CertificateSigningRequest.ParseKey(csrDer);
        }
        catch (RefusalException fault)
        {
            throw new RefusalException(RefusalReason.InvalidArgument, fault.Detail) { Field = "csr_der" };
        }
    }
}

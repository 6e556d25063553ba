using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.Host.Identity;

/// <summary>Who this program is to the control plane, and by which roots it knows the control plane.</summary>
/// <param name="Endpoint">Host and port of the gRPC endpoint.</param>
/// <param name="Certificate">The identity certificate with its key.</param>
/// <param name="RootDers">Roots of the identity authority, DER.</param>
internal sealed record StoredIdentity(string Endpoint, X509Certificate2 Certificate, IReadOnlyList<byte[]> RootDers) : IDisposable
{
    /// <summary>First moment of the certificate.</summary>
    public DateTimeOffset NotBefore => new(Certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>Last second of the certificate.</summary>
    public DateTimeOffset NotAfter => new(Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>Two thirds of the certificate's life: when a new one is asked for.</summary>
    public DateTimeOffset RenewAt => NotBefore + (NotAfter - NotBefore) * 2 / 3;

    public void Dispose() => Certificate.Dispose();
}

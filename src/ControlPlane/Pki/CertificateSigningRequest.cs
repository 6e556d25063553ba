using System.Collections.Immutable;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>
/// What is taken from a PKCS#10 request (RFC 2986) at finalize: its key and its names, and whether it asked for
/// must-staple. Everything else a client may write there is ignored or refused; nothing is copied.
/// </summary>
internal sealed class CertificateSigningRequest
{
    /// <summary>Enough for 100 names of full length; RFC 8555 sets no limit.</summary>
    public const int DefaultMaximumSize = 32 * 1024;

    /// <summary>The key, with which the request was signed.</summary>
    public required PublicKey Key { get; init; }

    /// <summary>The subject alternative names, or the common name where there are none; canonical, each once, at least one.</summary>
    public required ImmutableArray<Identifier> Names { get; init; }

    /// <summary>The request has the TLS feature status_request (RFC 7633).</summary>
    public required bool MustStaple { get; init; }

    /// <summary>Reads and verifies a DER request.</summary>
    /// <exception cref="RefusalException">BadCsr, for everything that is wrong with it.</exception>
    public static CertificateSigningRequest Parse(ReadOnlyMemory<byte> der, int maximumSize = DefaultMaximumSize) =>
        Read(der, maximumSize, keyOnly: false);

    /// <summary>Reads and verifies a DER request of which only the key counts, because the names come from elsewhere.</summary>
    /// <exception cref="RefusalException">BadCsr, for everything that is wrong with it.</exception>
    public static PublicKey ParseKey(ReadOnlyMemory<byte> der) => Read(der, DefaultMaximumSize, keyOnly: true).Key;

    private static CertificateSigningRequest Read(ReadOnlyMemory<byte> der, int maximumSize, bool keyOnly)
    {
        if (der.Length > maximumSize) throw Refused($"the CSR has {der.Length} octets; {maximumSize} are the most");
        if (der.Span.IndexOf("-----BEGIN"u8) >= 0) throw Refused("the CSR is PEM text; ACME wants the DER in base64url (RFC 8555 §7.4)");
        var reader = new CsrReader(der);
        try
        {
            return reader.Read(keyOnly);
        }
        catch (PublicKeyException e)
        {
            throw Refused($"the key of the CSR is refused: {e.Message}");
        }
        catch (Exception e) when (e is not (RefusalException or OutOfMemoryException))
        {
            // Parsers of other people's bytes throw all kinds; to the client they mean one thing.
            throw Refused($"the CSR is no valid DER PKCS#10 request: {reader.Part} cannot be read");
        }
    }

    internal static RefusalException Refused(string detail) => new(RefusalReason.BadCsr, detail);
}

using System.Security.Cryptography;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Trust;

/// <summary>A revocation list that was checked and is served.</summary>
internal sealed class KeptCrl
{
    private KeptCrl(Crl message, CrlReading reading)
    {
        (Message, Reading) = (message, reading);
        Id = message.Name[(message.Name.IndexOf('/', StringComparison.Ordinal) + 1)..];
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(message.Der.Span));
    }

    /// <summary>As it came, and as it is kept on disk.</summary>
    public Crl Message { get; }

    public CrlReading Reading { get; }

    /// <summary>The end of its URL.</summary>
    public string Id { get; }

    public string Sha256 { get; }

    public ReadOnlyMemory<byte> Der => Message.Der.Memory;

    /// <summary>Takes a list that one of the certificates signed.</summary>
    /// <exception cref="InvalidDataException">It is none; the message says why.</exception>
    public static KeptCrl Check(Crl message, IEnumerable<PublishedCertificate> issuers)
    {
        var reading = CrlReading.Of(message.Der.Memory);
        return issuers.Any(reading.IsSignedBy) ? new(message, reading) : throw new InvalidDataException("no issuer of this CA signed it");
    }
}

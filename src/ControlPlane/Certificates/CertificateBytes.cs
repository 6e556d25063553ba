using System.Formats.Asn1;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>Reads what is needed of a certificate that somebody hands in, before it is known to be one of ours.</summary>
internal static class CertificateBytes
{
    /// <summary>The serial number; false when the bytes are no DER certificate or the number cannot be ours.</summary>
    public static bool TryReadSerial(ReadOnlyMemory<byte> der, out SerialNumber serial)
    {
        serial = default;
        try
        {
            var outer = new AsnReader(der, AsnEncodingRules.DER);
            var certificate = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var toBeSigned = certificate.ReadSequence();
            var version = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
            if (toBeSigned.PeekTag() == version) toBeSigned.ReadSequence(version);
            return SerialNumber.TryRead(toBeSigned.ReadIntegerBytes().Span, out serial);
        }
        catch (Exception fault) when (fault is AsnContentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The key of a certificate that we issued.</summary>
    public static PublicKey ReadKey(ReadOnlyMemory<byte> der)
    {
        var toBeSigned = new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        // version, serialNumber, signature, issuer, validity, subject (RFC 5280 §4.1); ours always say their version.
        for (var field = 0; field < 6; field++) toBeSigned.ReadEncodedValue();
        return PublicKey.FromSubjectPublicKeyInfo(toBeSigned.ReadEncodedValue());
    }
}

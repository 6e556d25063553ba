using GrpcCa.ControlPlane.Pki;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace GrpcCa.ControlPlane.Tests.Crls;

/// <summary>A revocation list as a client reads it; a library other than the lint's does.</summary>
internal sealed record ReadCrl(long Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, IReadOnlyDictionary<string, int> Reasons, X509Crl Crl)
{
    public static ReadCrl Of(byte[] der)
    {
        var crl = new X509CrlParser().ReadCrl(der);
        var number = DerInteger.GetInstance(Asn1Object.FromByteArray(crl.GetExtensionValue(X509Extensions.CrlNumber).GetOctets())).LongValueExact;
        var reasons = (crl.GetRevokedCertificates() ?? new HashSet<X509CrlEntry>()).ToDictionary(e => Hex(e), ReasonOf);
        return new ReadCrl(number, crl.ThisUpdate, crl.NextUpdate!.Value, reasons, crl);
    }

    public bool Lists(SerialNumber serial) => Reasons.ContainsKey(serial.Hex);

    private static string Hex(X509CrlEntry entry) => SerialNumber.TryParseHex(entry.SerialNumber.ToString(16), out var serial) ? serial.Hex : "";

    // -1 without the extension.
    private static int ReasonOf(X509CrlEntry entry) => entry.GetExtensionValue(X509Extensions.ReasonCode) is { } value
        ? DerEnumerated.GetInstance(Asn1Object.FromByteArray(value.GetOctets())).IntValueExact
        : -1;
}

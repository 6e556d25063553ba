using System.Formats.Asn1;
using GrpcCa.ControlPlane.Issuance;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signature } (RFC 5280 §5.1): a certificate's form.</summary>
internal static class SignedCrl
{
    /// <summary>Puts the signature to the bytes it is of; the algorithm is the one inside them (§5.1.1.2).</summary>
    public static byte[] Assemble(ReadOnlyMemory<byte> tbs, ReadOnlySpan<byte> signature)
    {
        var fields = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        fields.ReadInteger(); // version
        return SignedCertificate.Assemble(tbs, fields.ReadEncodedValue(), signature);
    }

    /// <summary>Takes a list apart again.</summary>
    /// <exception cref="AsnContentException">It is not DER, or not three parts.</exception>
    public static (ReadOnlyMemory<byte> Tbs, ReadOnlyMemory<byte> Algorithm, byte[] Signature) TakeApart(ReadOnlyMemory<byte> crl) => SignedCertificate.TakeApart(crl);
}

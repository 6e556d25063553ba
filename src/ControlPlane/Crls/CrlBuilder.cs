using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Math;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>Makes the bytes that will be recorded and signed; tests put mutants in its place.</summary>
internal delegate byte[] BuildCrl(CrlSpec spec, KeyAlgorithm signer);

/// <summary>
/// Writes a TBSCertList, version 2, with BouncyCastle (RFC 5280 §5.1.2): entry by entry into one buffer, so that a long list
/// costs little more than its bytes. It judges nothing: the lint reads the result by other means.
/// </summary>
internal static class CrlBuilder
{
    private const int BytesPerEntry = 64;

    // RFC 5280 §5.1.2.1: version 2 is written as 1.
    private static readonly DerInteger Version2 = DerInteger.ValueOf(1);

    public static byte[] Build(CrlSpec spec, KeyAlgorithm signer)
    {
        var issuer = X509CertificateStructure.GetInstance(spec.Issuer.CertificateDer);
        var buffer = new MemoryStream(BytesPerEntry * spec.Entries.Count + 1024);
        using (var fields = new DerSequenceGenerator(buffer))
        {
            fields.AddObject(Version2);
            fields.AddObject(TbsBuilder.SignatureAlgorithmOf(signer));
            fields.AddObject(issuer.Subject);
            fields.AddObject(new Time(spec.ThisUpdate.UtcDateTime));
            fields.AddObject(new Time(spec.NextUpdate.UtcDateTime));
            // §5.1.2.6: a list of nothing is left out.
            if (spec.Entries.Count > 0) WriteEntries(fields.GetRawOutputStream(), spec.Entries);
            fields.AddObject(new DerTaggedObject(true, 0, ExtensionsOf(spec, issuer)));
        }
        return buffer.ToArray();
    }

    private static void WriteEntries(Stream target, IReadOnlyList<RevokedEntry> entries)
    {
        using var list = new DerSequenceGenerator(target);
        foreach (var entry in entries) list.AddObject(EntryOf(entry));
    }

    private static DerSequence EntryOf(RevokedEntry entry)
    {
        var serial = new DerInteger(new BigInteger(1, entry.Serial.Bytes.ToArray()));
        var time = new Time(entry.RevokedAt.UtcDateTime);
        // §5.3.1: unspecified is said by saying nothing.
        if (entry is { Reason: RevocationReason.Unspecified, InvalidSince: null }) return new DerSequence(serial, time);
        var extensions = new X509ExtensionsGenerator();
        if (entry.Reason != RevocationReason.Unspecified)
            extensions.AddExtension(X509Extensions.ReasonCode, false, new DerEnumerated((int)entry.Reason));
        if (entry.InvalidSince is { } since)
            extensions.AddExtension(X509Extensions.InvalidityDate, false, new DerGeneralizedTime(since.UtcDateTime));
        return new DerSequence(serial, time, extensions.Generate());
    }

    private static X509Extensions ExtensionsOf(CrlSpec spec, X509CertificateStructure issuer)
    {
        var extensions = new X509ExtensionsGenerator();
        extensions.AddExtension(X509Extensions.AuthorityKeyIdentifier, false, new AuthorityKeyIdentifier(TbsExtensions.IdentifierOf(issuer)));
        extensions.AddExtension(X509Extensions.CrlNumber, false, DerInteger.ValueOf(spec.Number));
        return extensions.Generate();
    }
}

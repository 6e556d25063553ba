using System.Formats.Asn1;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Tests.Pki;

/// <summary>SubjectPublicKeyInfo structures, also ones that no library would write.</summary>
internal static class TestKeys
{
    public const string Rsa = "1.2.840.113549.1.1.1", Ec = "1.2.840.10045.2.1", Ed25519 = "1.3.101.112";

    public static byte[] Spki(string algorithm, Action<AsnWriter> parameters, byte[] key)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(algorithm);
                parameters(writer);
            }
            writer.WriteBitString(key);
        }
        return writer.Encode();
    }

    public static byte[] RsaSpki(byte[] n, int e = 65537) => Spki(Rsa, w => w.WriteNull(), RsaNumbers(n, e));

    public static byte[] RsaNumbers(byte[] n, int e)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(n);
            writer.WriteInteger(e);
        }
        return writer.Encode();
    }

    public static byte[] EcSpki(string curve, byte[] point) => Spki(Ec, w => w.WriteObjectIdentifier(curve), point);

    public static byte[] NamedCurve(string oid)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromValue(oid));
        return key.ExportSubjectPublicKeyInfo();
    }

    public static byte[] Point(ECParameters key) => [4, .. key.Q.X!, .. key.Q.Y!];
}

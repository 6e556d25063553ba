using System.Formats.Asn1;

namespace GrpcCa.Load.Acme;

/// <summary>A certificate's P-256 key, which makes requests (RFC 2986) for one DNS name each.</summary>
internal sealed class RequestKey : IDisposable
{
    private readonly P256Key key = new();
    private readonly byte[] publicKey;

    public RequestKey() => publicKey = key.SubjectPublicKeyInfo();

    public byte[] Request(string name)
    {
        var info = new AsnWriter(AsnEncodingRules.DER);
        using (info.PushSequence())
        {
            info.WriteInteger(0);
            using (info.PushSequence())
            {
                // No subject: the name is in the extension.
            }
            info.WriteEncodedValue(publicKey);
            using (info.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (info.PushSequence())
            {
                info.WriteObjectIdentifier("1.2.840.113549.1.9.14");
                using (info.PushSetOf())
                using (info.PushSequence())
                using (info.PushSequence())
                {
                    info.WriteObjectIdentifier("2.5.29.17");
                    using (info.PushOctetString())
                    using (info.PushSequence())
                        info.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, 2));
                }
            }
        }
        var signed = info.Encode();
        var request = new AsnWriter(AsnEncodingRules.DER);
        using (request.PushSequence())
        {
            request.WriteEncodedValue(signed);
            using (request.PushSequence()) request.WriteObjectIdentifier("1.2.840.10045.4.3.2");
            request.WriteBitString(key.Sign(signed));
        }
        return request.Encode();
    }

    public void Dispose() => key.Dispose();
}

using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.TestKit.Acme;

/// <summary>Certificate signing requests (RFC 2986), good and bad.</summary>
internal static class Csr
{
    private const string SubjectAlternativeName = "2.5.29.17";

    /// <summary>A plain one: the names as SANs, nothing else.</summary>
    public static byte[] Of(AsymmetricAlgorithm key, params IEnumerable<string> names) => With(key, "", request => request.CertificateExtensions.Add(Names(names)));

    /// <summary>One with a subject, and whatever <paramref name="more"/> adds.</summary>
    public static byte[] With(AsymmetricAlgorithm key, string subject, Action<CertificateRequest>? more = null)
    {
        var name = new X500DistinguishedName(subject);
        var request = key switch
        {
            ECDsa ec => new CertificateRequest(name, ec, HashAlgorithmName.SHA256),
            RSA rsa => new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => throw new ArgumentException("neither EC nor RSA", nameof(key)),
        };
        more?.Invoke(request);
        return request.CreateSigningRequest();
    }

    /// <summary>One whose signature is over a SHA-1 hash, which the platform would not write by itself.</summary>
    public static byte[] Sha1(RSA key, params IEnumerable<string> names)
    {
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(Names(names));
        return request.CreateSigningRequest(new Sha1Generator(key));
    }

    /// <summary>The extension with dns names and addresses.</summary>
    public static X509Extension Names(params IEnumerable<string> names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) builder.AddIpAddress(address);
            else builder.AddDnsName(name);
        }
        return builder.Build();
    }

    /// <summary>The extension with GeneralNames written by hand, any kind (RFC 5280 §4.2.1.6).</summary>
    public static X509Extension RawNames(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence()) write(writer);
        return new X509Extension(SubjectAlternativeName, writer.Encode(), critical: false);
    }

    /// <summary>A dNSName inside <see cref="RawNames"/>.</summary>
    public static void Dns(this AsnWriter writer, string name) => writer.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, 2));

    private sealed class Sha1Generator(RSA key) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
        {
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                // RFC 8017 §A.2.4: sha1WithRSAEncryption.
                writer.WriteObjectIdentifier("1.2.840.113549.1.1.5");
                writer.WriteNull();
            }
            return writer.Encode();
        }

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);

        protected override PublicKey BuildPublicKey() => CreateForRSA(key, RSASignaturePadding.Pkcs1).PublicKey;
    }
}

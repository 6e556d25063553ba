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
    public static byte[] With(AsymmetricAlgorithm key, string subject, Action<CertificateRequest>? more = null, HashAlgorithmName? hash = null)
    {
        var name = new X500DistinguishedName(subject);
        var request = key switch
        {
            ECDsa ec => new CertificateRequest(name, ec, hash ?? HashAlgorithmName.SHA256),
            RSA rsa => new CertificateRequest(name, rsa, hash ?? HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => throw new ArgumentException("neither EC nor RSA", nameof(key)),
        };
        more?.Invoke(request);
        return request.CreateSigningRequest();
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
}

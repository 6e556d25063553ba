using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.TestKit;

/// <summary>A small certification authority for tests: a root, and an intermediate where asked for.</summary>
internal sealed class TestAuthority
{
    private readonly TimeProvider time;
    private readonly X509Certificate2 issuer;

    public TestAuthority(string name, TimeProvider time, bool withIntermediate = false)
    {
        this.time = time;
        Root = MakeAuthority(name + " root", signer: null);
        Intermediate = withIntermediate ? MakeAuthority(name + " intermediate", Root) : null;
        issuer = Intermediate ?? Root;
    }

    public X509Certificate2 Root { get; }

    public X509Certificate2? Intermediate { get; }

    public string RootSha256 => Convert.ToHexStringLower(SHA256.HashData(Root.RawData));

    /// <summary>A certificate with a key of its own.</summary>
    public X509Certificate2 IssueWithKey(TimeSpan lifetime, string? uri = null, IEnumerable<string>? names = null, bool forServers = true)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Issue(new CertificateRequest(new X500DistinguishedName("CN=test"), key, HashAlgorithmName.SHA256), lifetime, uri, names, forServers);
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>A certificate for the key of a signing request.</summary>
    public X509Certificate2 Issue(byte[] csr, TimeSpan lifetime, string? uri = null, IEnumerable<string>? names = null, bool forServers = true)
    {
        var asked = CertificateRequest.LoadSigningRequest(csr, HashAlgorithmName.SHA256);
        return Issue(new CertificateRequest(new X500DistinguishedName("CN=test"), asked.PublicKey, HashAlgorithmName.SHA256), lifetime, uri, names, forServers);
    }

    private X509Certificate2 Issue(CertificateRequest request, TimeSpan lifetime, string? uri, IEnumerable<string>? names, bool forServers)
    {
        request.CertificateExtensions.Add(Alternatives(uri, names));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(forServers ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        var now = time.GetUtcNow();
        var last = new DateTimeOffset(issuer.NotAfter.ToUniversalTime());
        var end = now + lifetime < last ? now + lifetime : last;
        return request.Create(issuer, now.AddMinutes(-1), end, RandomNumberGenerator.GetBytes(16));
    }

    // SubjectAlternativeNameBuilder would put a slash behind the host of a URI.
    private static X509Extension Alternatives(string? uri, IEnumerable<string>? names)
    {
        if (uri is null)
        {
            var builder = new SubjectAlternativeNameBuilder();
            foreach (var name in names ?? [])
            {
                if (System.Net.IPAddress.TryParse(name, out var address)) builder.AddIpAddress(address);
                else builder.AddDnsName(name);
            }
            return builder.Build();
        }
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence()) writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
        return new X509Extension("2.5.29.17", writer.Encode(), critical: false);
    }

    private X509Certificate2 MakeAuthority(string name, X509Certificate2? signer)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("CN=" + name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var start = time.GetUtcNow().AddDays(-1);
        if (signer is null) return request.CreateSelfSigned(start, start.AddYears(10));
        using var certificate = request.Create(signer, start, start.AddYears(9), RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }
}

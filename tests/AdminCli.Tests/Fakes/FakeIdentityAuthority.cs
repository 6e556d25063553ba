using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.Host;

namespace GrpcCa.AdminCli.Tests.Fakes;

/// <summary>An identity authority with a real root: signs the server's certificate and operators' ones.</summary>
internal sealed class FakeIdentityAuthority : IDisposable
{
    public const string Secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA";

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly DateTimeOffset issuedAt;
    private readonly X509Certificate2 root;

    public FakeIdentityAuthority(DateTimeOffset issuedAt)
    {
        this.issuedAt = issuedAt;
        var request = new CertificateRequest("CN=Identity Root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        root = request.CreateSelfSigned(issuedAt.AddDays(-30), issuedAt.AddYears(10));
    }

    public byte[] RootDer => root.RawData;

    public JoinToken Token(int port) => new($"localhost:{port}", SHA256.HashData(RootDer), Secret);

    public X509Certificate2 Server()
    {
        using var server = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName(""), server, HashAlgorithmName.SHA256);
        using var leaf = Sign(request, "grpcca://control-plane", "1.3.6.1.5.5.7.3.1", TimeSpan.FromDays(30));
        using var withKey = leaf.CopyWithPrivateKey(server);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    public byte[] Operator(byte[] csr, string id)
    {
        var request = CertificateRequest.LoadSigningRequest(csr, HashAlgorithmName.SHA256);
        using var leaf = Sign(new CertificateRequest(new X500DistinguishedName(""), request.PublicKey, HashAlgorithmName.SHA256),
            "grpcca://operator/" + id, "1.3.6.1.5.5.7.3.2", TimeSpan.FromDays(3));
        return leaf.RawData;
    }

    public bool Signed(X509Certificate2 certificate) => certificate.IssuerName.RawData.AsSpan().SequenceEqual(root.SubjectName.RawData);

    private X509Certificate2 Sign(CertificateRequest request, string uri, string usage, TimeSpan lifetime)
    {
        // Written by hand: System.Uri would add a slash to the end.
        var names = new AsnWriter(AsnEncodingRules.DER);
        using (names.PushSequence()) names.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", names.Encode(), critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        return request.Create(root.SubjectName, X509SignatureGenerator.CreateForECDsa(key), issuedAt, issuedAt + lifetime, RandomNumberGenerator.GetBytes(16));
    }

    public void Dispose()
    {
        root.Dispose();
        key.Dispose();
    }
}

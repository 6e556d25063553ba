using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.TlsAlpn01;

/// <summary>Certificates as ACME clients make them for tls-alpn-01, right and wrong, built by the platform.</summary>
internal static class ChallengeCertificates
{
    public const string AcmeIdentifier = "1.3.6.1.5.5.7.1.31", DraftIdentifier = "1.3.6.1.5.5.7.1.30.1";

    public static byte[] Digest { get; } = Convert.FromBase64String(DnsRig.Digest.Replace('-', '+').Replace('_', '/') + "=");

    /// <summary>Exactly as RFC 8737 has it.</summary>
    public static X509Certificate2 Right(string name) => Make(request => Add(request, Names(name), Acme()));

    public static X509Certificate2 With(params X509Extension?[] extensions) => Make(request => Add(request, extensions));

    public static X509Extension Names(params string[] names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
            if (IPAddress.TryParse(name, out var address)) builder.AddIpAddress(address);
            else if (name.Contains('@', StringComparison.Ordinal)) builder.AddEmailAddress(name);
            else if (name.Contains("://", StringComparison.Ordinal)) builder.AddUri(new Uri(name));
            else builder.AddDnsName(name);
        return builder.Build();
    }

    public static X509Extension Acme(byte[]? digest = null, string oid = AcmeIdentifier, bool critical = true) => new(oid, OctetString(digest ?? Digest), critical);

    public static byte[] OctetString(byte[] content)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(content);
        return writer.Encode();
    }

    public static X509Certificate2 Make(Action<CertificateRequest> change)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=challenge", key, HashAlgorithmName.SHA256);
        change(request);
        return Loaded(request.CreateSelfSigned(From, To));
    }

    public static X509Certificate2 MadeWithRsa(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Add(request, Names(name), Acme());
        return Loaded(request.CreateSelfSigned(From, To));
    }

    /// <summary>Right in all but its signature, which another key made.</summary>
    public static X509Certificate2 SignedByAnother(string name, string issuerName)
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=challenge", key, HashAlgorithmName.SHA256);
        Add(request, Names(name), Acme());
        using var made = request.Create(new X500DistinguishedName(issuerName), X509SignatureGenerator.CreateForECDsa(other), From, To, [1]);
        return Loaded(made.CopyWithPrivateKey(key));
    }

    private static DateTimeOffset From => new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static DateTimeOffset To => new(2000, 1, 8, 0, 0, 0, TimeSpan.Zero);

    private static void Add(CertificateRequest request, params X509Extension?[] extensions)
    {
        foreach (var extension in extensions.OfType<X509Extension>()) request.CertificateExtensions.Add(extension);
    }

    private static X509Certificate2 Loaded(X509Certificate2 made)
    {
        using var certificate = made;
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}

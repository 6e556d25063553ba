using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;
using static GrpcCa.ControlPlane.Tests.Pki.RequestBuilder;

namespace GrpcCa.ControlPlane.Tests.Pki;

public sealed class CertificateSigningRequestTests
{
    private static readonly byte[] Nas = Dns("nas.net.gq");

    [Fact]
    public void Parse_PlatformRequests_GiveKeyAndNames()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var ofEc = new CertificateRequest("CN=nas.net.gq, O=Ignored, C=CH", ec, HashAlgorithmName.SHA256);
        var ofRsa = new CertificateRequest("", rsa, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1);
        foreach (var request in new[] { ofEc, ofRsa })
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("NAS.net.gq");
            names.AddDnsName("*.net.gq");
            names.AddIpAddress(IPAddress.Parse("100.64.0.1"));
            names.AddIpAddress(IPAddress.Parse("fd7a:115c:a1e0::1"));
            names.AddDnsName("nas.net.gq");
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
            var csr = CertificateSigningRequest.Parse(request.CreateSigningRequest());
            Assert.Equal(["dns:nas.net.gq", "dns:*.net.gq", "ip:100.64.0.1", "ip:fd7a:115c:a1e0::1"], csr.Names.Select(n => n.ToString()));
            Assert.Equal(request.PublicKey.ExportSubjectPublicKeyInfo(), csr.Key.SubjectPublicKeyInfo.ToArray());
            Assert.False(csr.MustStaple);
        }
    }

    [Fact]
    public void Parse_Ed25519Request_IsRead()
    {
        var generator = new Ed25519KeyPairGenerator();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        var pair = generator.GenerateKeyPair();
        var request = new RequestBuilder
        {
            Extensions = [AltNames(Nas)],
            Key = TestKeys.Spki(TestKeys.Ed25519, _ => { }, ((Ed25519PublicKeyParameters)pair.Public).GetEncoded()),
            SignatureOid = TestKeys.Ed25519,
            Sign = data =>
            {
                var signer = new Ed25519Signer();
                signer.Init(true, pair.Private);
                signer.BlockUpdate(data, 0, data.Length);
                return signer.GenerateSignature();
            },
        };
        Assert.Equal(KeyType.Ed25519, CertificateSigningRequest.Parse(request.Build()).Key.Type);
    }

    [Theory]
    [InlineData(UniversalTagNumber.UTF8String)]
    [InlineData(UniversalTagNumber.PrintableString)]
    [InlineData(UniversalTagNumber.IA5String)]
    [InlineData(UniversalTagNumber.T61String)]
    [InlineData(UniversalTagNumber.BMPString)]
    public void Parse_CommonNameOnly_IsTheName(UniversalTagNumber tag)
    {
        var csr = CertificateSigningRequest.Parse(new RequestBuilder { CommonNames = ["*.NET.gq"], CommonNameTag = tag, LeaveAttributesOut = true }.Build());
        Assert.Equal("dns:*.net.gq", Assert.Single(csr.Names).ToString());
    }

    [Fact]
    public void Parse_OddButHarmless_IsRead()
    {
        RequestBuilder[] requests =
        [
            new() { Extensions = [AltNames(Nas)], CommonNames = [""] },
            new() { Extensions = [AltNames(Nas)], CommonNames = ["NAS.NET.GQ", "nas.net.gq"] },
            new() { Extensions = [AltNames(Nas)], MoreAttributes = [Attribute("1.2.840.113549.1.9.7", Write(w => w.WriteCharacterString(UniversalTagNumber.UTF8String, "secret")))] },
            new() { Extensions = [AltNames(Nas), Extension("1.2.3.4", w => w.WriteNull(), critical: true)] },
            new() { Extensions = [Extension(SubjectAlternativeName, w => WriteAll(w, Nas), critical: false)] },
            new() { Extensions = [Extension(BasicConstraints, w => WriteAll(w), critical: true), AltNames(Nas)] },
            new() { Extensions = [Extension(BasicConstraints, w => WriteAll(w, [1, 1, 0])), AltNames(Nas)] },
        ];
        Assert.All(requests, r => Assert.Equal("dns:nas.net.gq", Assert.Single(CertificateSigningRequest.Parse(r.Build()).Names).ToString()));
    }

    [Fact]
    public void Parse_MustStaple_IsNoted()
    {
        Assert.True(CertificateSigningRequest.Parse(new RequestBuilder { Extensions = [AltNames(Nas), Extension(TlsFeature, w => WriteAll(w, [2, 1, 17], [2, 1, 5]))] }.Build()).MustStaple);
        Assert.False(CertificateSigningRequest.Parse(new RequestBuilder { Extensions = [AltNames(Nas), Extension(TlsFeature, w => WriteAll(w, [2, 1, 17]))] }.Build()).MustStaple);
    }

    public static TheoryData<string, byte[]> BadNames => new()
    {
        { "rfc822Name ('root@nas.net.gq')", Tagged(1, "root@nas.net.gq"u8.ToArray()) },
        { "uniformResourceIdentifier ('https://nas.net.gq/')", Tagged(6, "https://nas.net.gq/"u8.ToArray()) },
        { "directoryName", Constructed(4, w => w.WriteEncodedValue(new X500DistinguishedName("CN=nas.net.gq").RawData)) },
        { "otherName", Constructed(0, w => w.WriteObjectIdentifier("1.3.6.1.4.1.311.20.2.3")) },
        { "x400Address", Constructed(3, _ => { }) },
        { "ediPartyName", Constructed(5, _ => { }) },
        { "registeredID (1.2.3.4)", Write(w => w.WriteObjectIdentifier("1.2.3.4", new Asn1Tag(TagClass.ContextSpecific, 8))) },
        { "[9]", Tagged(9, [1]) },
        { "its requested extensions cannot be read", Write(w => w.WriteNull()) },
        { "IP address of 5 octets", Ip(1, 2, 3, 4, 5) },
        { "IP address of 8 octets", Ip(10, 0, 0, 0, 255, 0, 0, 0) },
        { "IPv4-mapped", Ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1) },
        { "is empty", Dns("") },
        { "wildcard for everything", Dns("*") },
        { "looks like an IP address", Dns("10.0.0.1") },
        { "'evil\\u0000.nas.net.gq'", Dns("evil\0.nas.net.gq") },
        { "ends in a dot", Dns("nas.net.gq.") },
        { "beyond ASCII", Dns("n\u00e4s.net.gq") },
    };

    [Theory]
    [MemberData(nameof(BadNames))]
    public void Parse_BadName_IsRefusedAtEveryPosition(string cause, byte[] name)
    {
        foreach (var names in new byte[][][] { [name], [name, Nas], [Nas, name], [Nas, name, Dns("b.net.gq")] }) AssertBad(ForNames(names), cause);
    }

    public static TheoryData<string, byte[]> BadRequests => new()
    {
        { "no subject alternative name and no common name", new RequestBuilder().Build() },
        { "no subject alternative name and no common name", new RequestBuilder { CommonNames = [""] }.Build() },
        { "names are empty", new RequestBuilder { Extensions = [AltNames()], CommonNames = ["nas.net.gq"] }.Build() },
        { "'other.net.gq' is not among", new RequestBuilder { Extensions = [AltNames(Nas)], CommonNames = ["other.net.gq"] }.Build() },
        { "'other.net.gq' is not among", new RequestBuilder { Extensions = [AltNames(Nas)], CommonNames = ["nas.net.gq", "other.net.gq"] }.Build() },
        { "is no dns name: the dns name 'My NAS'", new RequestBuilder { Extensions = [AltNames(Nas)], CommonNames = ["My NAS"] }.Build() },
        { "'10.0.0.1' is an IP address", new RequestBuilder { Extensions = [AltNames(Nas, Ip(10, 0, 0, 1))], CommonNames = ["10.0.0.1"] }.Build() },
        { "'10.0.0.1' is an IP address", new RequestBuilder { CommonNames = ["10.0.0.1"] }.Build() },
        { "'::1' is an IP address", new RequestBuilder { CommonNames = ["::1"] }.Build() },
        { "CA:TRUE", new RequestBuilder { Extensions = [AltNames(Nas), Extension(BasicConstraints, w => WriteAll(w, [1, 1, 0xff]))] }.Build() },
        { "CA:TRUE", new RequestBuilder { Extensions = [Extension(BasicConstraints, w => WriteAll(w, [1, 1, 0xff], [2, 1, 0]), critical: true), AltNames(Nas)] }.Build() },
        { "extension 2.5.29.17 twice", new RequestBuilder { Extensions = [AltNames(Nas), AltNames(Dns("b.net.gq"))] }.Build() },
        { "extensionRequest twice", new RequestBuilder { Extensions = [AltNames(Nas)], MoreAttributes = [Requested(AltNames(Dns("b.net.gq")))] }.Build() },
        { "several values", new RequestBuilder { MoreAttributes = [Attribute("1.2.840.113549.1.9.14", Write(w => WriteAll(w, AltNames(Nas))), Write(w => WriteAll(w, AltNames(Dns("b.net.gq")))))] }.Build() },
        { "its requested extensions cannot be read", new RequestBuilder { MoreAttributes = [Attribute("1.2.840.113549.1.9.14")] }.Build() },
        { "its requested extensions cannot be read", new RequestBuilder { Extensions = [Extension(SubjectAlternativeName, w => { WriteAll(w, Nas); w.WriteNull(); })] }.Build() },
        { "its requested extensions cannot be read", new RequestBuilder { Extensions = [AltNames(Nas), Extension(TlsFeature, w => WriteAll(w, [1, 1, 0xff]))] }.Build() },
        { "another version", new RequestBuilder { Extensions = [AltNames(Nas)], Version = 1 }.Build() },
        { "another version", new RequestBuilder { Extensions = [AltNames(Nas)], Version = -1 }.Build() },
        { "followed by other data", [.. ForNames(Nas), 0] },
        { "does not verify", new RequestBuilder { Extensions = [AltNames(Nas)], Sign = _ => [0x30, 6, 2, 1, 1, 2, 1, 1] }.Build() },
        { "does not verify", new RequestBuilder { Extensions = [AltNames(Nas)], Sign = _ => [] }.Build() },
        { "does not verify", new RequestBuilder { Extensions = [AltNames(Nas)], Key = TestKeys.NamedCurve("1.2.840.10045.3.1.7") }.Build() },
        { "does not verify", new RequestBuilder { Extensions = [AltNames(Nas)], SignatureOid = "1.2.840.113549.1.1.11" }.Build() },
        { "does not verify", new RequestBuilder { Extensions = [AltNames(Nas)], SignatureOid = "1.2.840.10045.4.3.3" }.Build() },
        { "signature algorithm cannot be read", new RequestBuilder { Extensions = [AltNames(Nas)], NullParameters = true }.Build() },
        { "SHA-1", new RequestBuilder { Extensions = [AltNames(Nas)], SignatureOid = "1.2.840.113549.1.1.5" }.Build() },
        { "ECDSA with SHA-1", new RequestBuilder { Extensions = [AltNames(Nas)], SignatureOid = "1.2.840.10045.4.1" }.Build() },
        { "MD5", new RequestBuilder { Extensions = [AltNames(Nas)], SignatureOid = "1.2.840.113549.1.1.4" }.Build() },
        { "RSA-PSS", new RequestBuilder { Extensions = [AltNames(Nas)], SignatureOid = "1.2.840.113549.1.1.10" }.Build() },
        { "P-224", new RequestBuilder { Extensions = [AltNames(Nas)], Key = TestKeys.NamedCurve("1.3.132.0.33") }.Build() },
        { "secp256k1", new RequestBuilder { Extensions = [AltNames(Nas)], Key = TestKeys.NamedCurve("1.3.132.0.10") }.Build() },
        { "more than 4096 bits", new RequestBuilder { Extensions = [AltNames(Nas)], Key = TestKeys.RsaSpki(Enumerable.Repeat((byte)0xff, 2048).ToArray()) }.Build() },
        { "no valid DER", [] },
        { "no valid DER", [0x30] },
        { "no valid DER", "hello"u8.ToArray() },
        { "no valid DER", new byte[1000] },
        { "32769 octets; 32768 are the most", new byte[32769] },
        { "is PEM text", Encoding.ASCII.GetBytes(Pem.Encode("CERTIFICATE REQUEST", ForNames(Nas))) },
        { "is PEM text", Encoding.ASCII.GetBytes("\r\n" + Pem.Encode("NEW CERTIFICATE REQUEST", ForNames(Nas))) },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public void Parse_BadRequest_IsBadCsrWithTheCause(string cause, byte[] request) => AssertBad(request, cause);

    [Fact]
    public void Parse_RealSha1Request_IsRefused()
    {
        using var rsa = RSA.Create(2048);
        var request = new RequestBuilder
        {
            Extensions = [AltNames(Nas)],
            Key = rsa.ExportSubjectPublicKeyInfo(),
            SignatureOid = "1.2.840.113549.1.1.5",
            NullParameters = true,
            Sign = data => rsa.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1),
        };
        AssertBad(request.Build(), "SHA-1 with RSA");
    }

    [Fact]
    public void ParseKey_NamesNeedNotBeThere_ButTheSignatureMustBeGood()
    {
        var request = new RequestBuilder();
        Assert.Equal(request.Key, CertificateSigningRequest.ParseKey(request.Build()).SubjectPublicKeyInfo.ToArray());
        Assert.Throws<RefusalException>(() => CertificateSigningRequest.ParseKey(new RequestBuilder { Sign = _ => [0x30, 6, 2, 1, 1, 2, 1, 1] }.Build()));
        Assert.Throws<RefusalException>(() => CertificateSigningRequest.ParseKey(new RequestBuilder { Extensions = [AltNames(Tagged(6, [65]))] }.Build()));
    }

    [Fact]
    public void Parse_HundredLongNames_FitsTheLimit()
    {
        var label = new string('a', 63);
        var names = Enumerable.Range(100, 100).Select(i => Dns($"n{i}.{label}.{label}.{label}.{new string('b', 56)}")).ToArray();
        Assert.Equal(100, CertificateSigningRequest.Parse(ForNames(names)).Names.Length);
    }

    private static byte[] Requested(byte[] extension) => Attribute("1.2.840.113549.1.9.14", Write(w => WriteAll(w, extension)));

    private static void AssertBad(byte[] request, string cause)
    {
        var refusal = Assert.Throws<RefusalException>(() => CertificateSigningRequest.Parse(request));
        Assert.Equal(RefusalReason.BadCsr, refusal.Reason);
        Assert.Contains(cause, refusal.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(refusal.Detail, char.IsControl);
    }
}

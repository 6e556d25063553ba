using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Access;

namespace GrpcCa.ControlPlane.Tests.Access;

/// <summary>Which client certificates pass the handshake, and whose name is in them.</summary>
public sealed class IdentityTrustTests : IDisposable
{
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string Edge = "grpcca://gateway/edge";
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private readonly X509Certificate2 identityRoot = Root("Identity");
    private readonly X509Certificate2 nextRoot = Root("Identity 2");
    private readonly X509Certificate2 issuingRoot = Root("Issuing");

    private IReadOnlyList<byte[]> Roots => [identityRoot.RawData, nextRoot.RawData];

    [Fact]
    public void Identity_OfAnActiveOrRetiringRoot_Passes()
    {
        Assert.True(Accepts(Leaf(identityRoot, ClientAuth, Edge)));
        Assert.True(Accepts(Leaf(nextRoot, ClientAuth, "grpcca://operator/olga")));
    }

    [Fact]
    public void Certificate_OfTheIssuingHierarchy_IsRefused_WhateverItSays() => Assert.False(Accepts(Leaf(issuingRoot, ClientAuth, Edge)));

    [Fact]
    public void Certificate_WithoutClientAuth_IsRefused()
    {
        Assert.False(Accepts(Leaf(identityRoot, ServerAuth, Edge)));
        Assert.False(Accepts(Leaf(identityRoot, null, Edge)));
    }

    [Fact]
    public void Certificate_OutOfItsTime_IsRefused()
    {
        using var leaf = Leaf(identityRoot, ClientAuth, Edge);

        Assert.False(IdentityTrust.Accepts(leaf, Roots, Now.AddDays(-2)));
        Assert.False(IdentityTrust.Accepts(leaf, Roots, Now.AddDays(8)));
    }

    [Fact]
    public void SelfSignedCertificate_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var self = Request(key, ClientAuth, Uris(Edge)).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(7));

        Assert.False(Accepts(self));
        Assert.False(IdentityTrust.Accepts(self, [], Now));
    }

    [Fact]
    public void Name_ThatIsNotAlone_IsNobodys()
    {
        Assert.False(Accepts(Leaf(identityRoot, ClientAuth, Edge, "grpcca://operator/olga")));
        Assert.False(Accepts(Leaf(identityRoot, ClientAuth)));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(Edge));
        names.AddDnsName("edge.test");
        using var mixed = Sign(identityRoot, Request(key, ClientAuth, names.Build()));
        Assert.False(Accepts(mixed));
    }

    [Theory]
    [InlineData("grpcca://gateway/edge", true)]
    [InlineData("grpcca://operator/olga-2", true)]
    [InlineData("grpcca://control-plane", false)]
    [InlineData("grpcca://gateway/", false)]
    [InlineData("grpcca://gateway/Edge", false)]
    [InlineData("grpcca://gateway/edge/", false)]
    [InlineData("grpcca://gateway/edge/../root", false)]
    [InlineData("grpcca://gateway/edge?x", false)]
    [InlineData("grpcca://gateway/ed%67e", false)]
    [InlineData("grpcca://gateway/2edge", false)]
    [InlineData("GRPCCA://gateway/edge", false)]
    [InlineData("grpcca://owner/edge", false)]
    [InlineData("grpcca://gateway:443/edge", false)]
    [InlineData("spiffe://gateway/edge", false)]
    [InlineData("grpcca://gateway/edge\0", false)]
    [InlineData("", false)]
    public void Uri_IsReadToTheLetter(string text, bool good)
    {
        Assert.Equal(good, IdentityUri.TryParse(text, out var uri));
        if (good) Assert.Equal(text, uri!.ToString());
    }

    public void Dispose()
    {
        identityRoot.Dispose();
        nextRoot.Dispose();
        issuingRoot.Dispose();
    }

    private bool Accepts(X509Certificate2 certificate) => IdentityTrust.Accepts(certificate, Roots, Now);

    private static X509Certificate2 Root(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(9));
    }

    private static X509Certificate2 Leaf(X509Certificate2 root, string? usage, params string[] uris)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Sign(root, Request(key, usage, Uris(uris)));
    }

    private static X509Certificate2 Sign(X509Certificate2 root, CertificateRequest request) =>
        request.Create(root, Now.AddDays(-1), Now.AddDays(7), RandomNumberGenerator.GetBytes(8));

    private static CertificateRequest Request(ECDsa key, string? usage, X509Extension names)
    {
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        if (usage is not null) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(names);
        return request;
    }

    private static X509Extension Uris(params string[] uris)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
            foreach (var uri in uris) writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
        return new X509Extension("2.5.29.17", writer.Encode(), true);
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist F7: an issuer that another root has certified too is offered with both chains (RFC 8555 §7.4.2).</summary>
public sealed class AlternateChainTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private House House => shared.House;

    private AuthorityService.AuthorityServiceClient Authorities => new(House.Admin());

    [Fact]
    public async Task F7_AFurtherChain_HasItsOwnUrlAndLeadsToItsOwnRoot()
    {
        using var root = Root("CN=Other Root");
        var (parent, own) = await IssuerAsync();
        using var cross = Cross(own, root);
        var client = await House.AccountAsync();
        var before = await client.IssueAsync("f7.test");
        Assert.Empty((await client.FetchAsync(before.Url)).Links("alternate"));

        var chain = await Authorities.CreateIssuerChainAsync(Request(parent, cross, root));
        var first = (await client.FetchAsync(before.Url)).MustBe(200);
        var second = (await client.FetchAsync(Assert.Single(first.Links("alternate")))).MustBe(200);

        Assert.Equal("application/pem-certificate-chain", second.ContentType);
        Assert.Equal([before.Url], second.Links("alternate"));
        AssertLeadsTo(first.Body, House.Root);
        AssertLeadsTo(second.Body, root);
        Assert.Equal(chain.Name, Assert.Single((await Authorities.ListIssuerChainsAsync(new ListIssuerChainsRequest { Parent = parent })).IssuerChains).Name);
        Assert.Equal(StatusCode.AlreadyExists, (await Assert.ThrowsAsync<RpcException>(async () => await Authorities.CreateIssuerChainAsync(Request(parent, cross, root)))).StatusCode);

        await Authorities.DeleteIssuerChainAsync(new DeleteIssuerChainRequest { Name = chain.Name });
        Assert.Empty((await client.FetchAsync(before.Url)).MustBe(200).Links("alternate"));
        (await client.FetchAsync(second.Url)).MustBe(404, "malformed");
    }

    [Theory]
    [InlineData("another key", "issuer_chain.certificate_der")]
    [InlineData("another name", "issuer_chain.certificate_der")]
    [InlineData("another root", "issuer_chain.certificate_der")]
    [InlineData("no authority", "issuer_chain.certificate_der")]
    [InlineData("the same certificate", "issuer_chain.root_der")]
    [InlineData("no root", "issuer_chain.root_der")]
    [InlineData("garbage", "issuer_chain.certificate_der")]
    public async Task F7_AChainThatIsNone_IsRefusedByItsField(string fault, string field)
    {
        using var root = Root("CN=Other Root");
        using var stranger = Root("CN=Other Root");
        var (parent, own) = await IssuerAsync();
        using var cross = fault switch
        {
            "another key" => Cross(own, root, key: ECDsa.Create(ECCurve.NamedCurves.nistP256)),
            "another name" => Cross(own, root, subject: "CN=Somebody"),
            "another root" => Cross(own, stranger),
            "no authority" => Cross(own, root, isAuthority: false),
            _ => Cross(own, root),
        };
        var request = Request(parent, cross, fault == "no root" ? cross : root);
        if (fault == "garbage") request.IssuerChain.CertificateDer = ByteString.CopyFromUtf8("garbage");
        if (fault == "the same certificate") (request.IssuerChain.CertificateDer, request.IssuerChain.RootDer) = (ByteString.CopyFrom(own.RawData), ByteString.CopyFromUtf8("garbage"));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await Authorities.CreateIssuerChainAsync(request));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(field, Assert.Single(refused.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations).Field);
    }

    private async Task<(string Name, X509Certificate2 Certificate)> IssuerAsync()
    {
        var issuer = (await Authorities.ListIssuersAsync(new ListIssuersRequest { Parent = "authorities/main" })).Issuers.Single();
        return (issuer.Name, X509CertificateLoader.LoadCertificate(issuer.CertificateDer.Span));
    }

    private static CreateIssuerChainRequest Request(string parent, X509Certificate2 certificate, X509Certificate2 root) => new()
    {
        Parent = parent,
        IssuerChain = new IssuerChain { CertificateDer = ByteString.CopyFrom(certificate.RawData), RootDer = ByteString.CopyFrom(root.RawData) },
    };

    private static X509Certificate2 Root(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-30), now.AddDays(3000));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private static X509Certificate2 Cross(X509Certificate2 issuer, X509Certificate2 root, ECDsa? key = null, string? subject = null, bool isAuthority = true)
    {
        var name = subject is null ? issuer.SubjectName : new X500DistinguishedName(subject);
        var request = new CertificateRequest(name, key is null ? issuer.PublicKey : new PublicKey(key), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single());
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        var now = TimeProvider.System.GetUtcNow();
        return request.Create(root.SubjectName, X509SignatureGenerator.CreateForECDsa(root.GetECDsaPrivateKey()!), now.AddDays(-20), now.AddDays(2000), [7, 7, 7]);
    }

    private static void AssertLeadsTo(string pem, X509Certificate2 root)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        Assert.Equal(2, certificates.Count);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.Add(certificates[1]);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        Assert.True(chain.Build(certificates[0]), string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation)));
        Assert.Equal(certificates[1].RawData, chain.ChainElements[1].Certificate.RawData);
    }
}

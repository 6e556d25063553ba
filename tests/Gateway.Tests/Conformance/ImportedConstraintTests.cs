using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>An imported intermediate with name constraints of its own: what they forbid is refused at newOrder, not at the signature.</summary>
public sealed class ImportedConstraintTests : IAsyncLifetime
{
    private readonly DirectoryInfo files = Directory.CreateTempSubdirectory("grpcca-old-");
    private House house = null!;

    public async ValueTask InitializeAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Request("CN=Old Root", rootKey).CreateSelfSigned(now.AddDays(-10), now.AddDays(1000));
        var request = Request("CN=Old Intermediate", key);
        request.CertificateExtensions.Add(Permitting("ca.test", "inside.test"));
        using var intermediate = request.Create(root, now.AddDays(-9), now.AddDays(500), [1, 2, 3]);
        house = await House.StartAsync(new HouseSettings
        {
            Options =
            {
                ["Hierarchy:ImportRoot"] = Write("root.pem", root.ExportCertificatePem()),
                ["Hierarchy:ImportIntermediate"] = Write("intermediate.pem", intermediate.ExportCertificatePem()),
                ["Hierarchy:ImportKey"] = Write("key.pem", key.ExportPkcs8PrivateKeyPem()),
            },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        files.Delete(recursive: true);
    }

    [Fact]
    public async Task O2_ANameOutsideTheConstraints_IsRejectedAtNewOrder_AndOneInsideIsIssued()
    {
        var client = await house.AccountAsync();

        foreach (var outside in new[] { "outside.test", "inside.test.outside.test", "notinside.test" })
            (await client.OrderAsync(outside)).MustBe(403, "rejectedIdentifier", "outside the name constraints in the certificates of authorities/main");
        var issued = await client.IssueAsync("nas.inside.test", "inside.test");

        Assert.True(issued.Leaf.MatchesHostname("nas.inside.test"));
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(files.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static CertificateRequest Request(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    // RFC 5280 §4.2.1.10: NameConstraints ::= SEQUENCE { permittedSubtrees [0] … }
    private static X509Extension Permitting(params string[] subtrees)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            foreach (var subtree in subtrees)
                using (writer.PushSequence())
                    writer.WriteOctetString(Encoding.ASCII.GetBytes(subtree), new Asn1Tag(TagClass.ContextSpecific, 2));
        return new X509Extension("2.5.29.30", writer.Encode(), critical: true);
    }
}

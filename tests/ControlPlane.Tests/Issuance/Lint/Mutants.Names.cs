using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Tests.Issuance.Lint;

internal static partial class Mutants
{
    private static IEnumerable<Mutant> Names() =>
    [
        Of("san-criticality", Leaf, parts => parts.Criticality(Oids.SubjectAlternativeName, false)),
        Of("san-criticality", IdentityLeaf, parts => parts.Criticality(Oids.SubjectAlternativeName, false)),
        Of("san-criticality", Leaf, parts => parts.Criticality(Oids.SubjectAlternativeName, true)) with
        {
            Spec = scene => scene.Spec(Leaf) with { SubjectCommonName = "nas.net.gq" },
        },
        // Every kind of GeneralName that no server of ours has (RFC 5280 §4.2.1.6).
        Of("san-kinds", Leaf, parts => parts.AddName(0xA0, [.. Der.Oid("1.3.6.1.4.1.311.20.2.3"), .. Der.Tagged(0xA0, Der.Tagged(0x0C, Ascii("admin@net.gq")))]), "san-planned"),
        Of("san-kinds", Leaf, parts => parts.AddName(0x81, Ascii("admin@net.gq")), "san-planned"),
        Of("san-kinds", Leaf, parts => parts.AddName(0xA3, []), "san-planned"),
        Of("san-kinds", Leaf, parts => parts.AddName(0xA4, Der.Name("admin")), "san-planned"),
        Of("san-kinds", Leaf, parts => parts.AddName(0xA5, Der.Tagged(0xA1, Der.Tagged(0x0C, Ascii("x")))), "san-planned"),
        Of("san-kinds", Leaf, parts => parts.AddName(0x86, Ascii("grpcca://operator/admin")), "san-planned"),
        Of("san-kinds", Leaf, parts => parts.AddName(0x88, [0x2A, 0x03]), "san-planned"),
        Of("san-kinds", CertificateRole.GatewayTls, parts => parts.AddName(0x86, Ascii("grpcca://gateway/edge")), "san-planned"),
        Of("san-kinds", IdentityLeaf, parts => parts.AddName(0x82, Ascii("nas.net.gq")), "san-planned"),
        Of("san-planned", Leaf, parts => parts.AddName(0x82, Ascii("www.net.gq"))),
        Of("san-planned", Leaf, parts => parts.AddName(0x82, Ascii("nas.net.gq"))),
        Of("san-planned", Leaf, parts => parts.AddName(0x87, [100, 64, 0, 8])),
        Of("san-planned", Leaf, parts => parts.OnlyName("nas.net.gq")),
        Of("san-planned", ServerIdentity, parts => parts.AddName(0x82, Ascii("www.net.gq"))),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii("Nas.net.gq")), "san-planned"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii("nas..net.gq")), "san-planned"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii("-nas.net.gq")), "san-planned"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii("nas_1.net.gq")), "san-planned"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii("nas\0.net.gq")), "san-planned"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, [0x6E, 0xC3, 0xA4, .. Ascii(".net.gq")]), "san-planned"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii(new string('n', 64) + ".net.gq")), "san-planned"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii(string.Concat(Enumerable.Repeat("n.", 130)) + "net.gq")), "san-planned"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, []), "san-planned", "name-constraints-kept"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii("net.gq.")), "san-planned", "name-constraints-kept"),
        Of("san-dns-syntax", Leaf, parts => parts.AddName(0x82, Ascii("100.64.0.7")), "san-planned", "name-constraints-kept"),
        Of("san-wildcard", Leaf, parts => parts.AddName(0x82, Ascii("nas.*.net.gq")), "san-planned"),
        Of("san-wildcard", Leaf, parts => parts.AddName(0x82, Ascii("n*.net.gq")), "san-planned"),
        Of("san-wildcard", Leaf, parts => parts.AddName(0x82, Ascii("*.*.net.gq")), "san-planned"),
        Of("san-wildcard", Leaf, parts => parts.AddName(0x82, Ascii("*")), "san-planned", "name-constraints-kept"),
        Of("san-ip-length", Leaf, parts => parts.AddName(0x87, [100, 64, 0, 7, 0]), "san-planned", "name-constraints-kept"),
        Of("san-ip-length", Leaf, parts => parts.AddName(0x87, [100, 64, 0, 0, 255, 192, 0, 0]), "san-planned", "name-constraints-kept"),
        Identity("grpcca://control-plane"),
        Identity("grpcca://control-plane/x"),
        Identity("grpcca://gateway/"),
        Identity("grpcca://gateway/a/b"),
        Identity("spiffe://gateway/edge"),
        Of("san-identity", IdentityLeaf, parts => parts.AddName(0x86, Ascii("grpcca://operator/admin")), "san-planned"),
        new("san-identity", ServerIdentity, (_, parts) => parts.Encode())
        {
            // Policy itself gone wrong: what is planned is what is written, and still refused.
            Spec = scene => scene.Spec(ServerIdentity) with { UriSan = "grpcca://gateway/edge" },
        },
    ];

    private static IEnumerable<Mutant> Constraints() =>
    [
        Of("name-constraints-kept", Leaf, parts => parts.AddName(0x82, Ascii("evilnet.gq")), "san-planned"),
        Of("name-constraints-kept", Leaf, parts => parts.AddName(0x82, Ascii("gq")), "san-planned"),
        Of("name-constraints-kept", Leaf, parts => parts.AddName(0x87, [8, 8, 8, 8]), "san-planned"),
        Of("name-constraints-kept", Leaf, parts => parts.AddName(0x87, [.. new byte[15], 1]), "san-planned"),
        new("name-constraints-kept", Leaf, (_, parts) => parts.Encode())
        {
            Spec = scene => scene.Spec(Leaf) with { Names = [GrpcCa.ControlPlane.Pki.Identifier.ParseDns("nas.example.org")] },
        },
        Of("name-constraints-subject", Leaf, parts => parts.Subject = Der.Name("nas.net.gq"), "subject-planned", "san-criticality") with
        {
            Spec = scene => scene.Spec(Leaf) with { Issuer = scene.Issuer with { CertificateDer = ConstrainedToADirectory(scene) } },
        },
        Of("name-constraints-planned", Intermediate, parts => parts.Remove(Oids.NameConstraints)),
        Of("name-constraints-planned", Root, parts => parts.Remove(Oids.NameConstraints)),
        Of("name-constraints-planned", Intermediate, parts => parts.Replace(Oids.NameConstraints,
            Der.Sequence(Der.Tagged(0xA0, Der.Sequence(Der.Tagged(0x82, Ascii("net.gq"))))))),
        Of("name-constraints-planned", Intermediate, parts => parts.Replace(Oids.NameConstraints, Der.Sequence())),
        Of("name-constraints-planned", CertificateRole.IdentityRoot, (scene, parts) =>
            parts.Extensions.Add(TbsParts.Of(scene.Build(scene.Spec(Intermediate)))[Oids.NameConstraints])),
    ];

    private static Mutant Identity(string uri) =>
        Of("san-identity", IdentityLeaf, parts => parts.Replace(Oids.SubjectAlternativeName, Der.Sequence(Der.Tagged(0x86, Ascii(uri)))), "san-planned");

    private static byte[] ConstrainedToADirectory(Scene scene)
    {
        var parts = TbsParts.Of(scene.Build(scene.Spec(Intermediate)));
        parts.Replace(Oids.NameConstraints, Der.Sequence(Der.Tagged(0xA0, Der.Sequence(Der.Tagged(0xA4, Der.Name("Somebody"))))));
        return Scene.Sign(parts.Encode(), scene.RootKey);
    }
}

using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Tests.Issuance.Lint;

internal static partial class Mutants
{
    private static IEnumerable<Mutant> Extensions() =>
    [
        .. Required(Leaf, Oids.KeyUsage, Oids.ExtendedKeyUsage, Oids.BasicConstraints, Oids.SubjectKeyIdentifier, Oids.AuthorityKeyIdentifier, Oids.SubjectAlternativeName),
        .. Required(CertificateRole.GatewayTls, Oids.KeyUsage, Oids.ExtendedKeyUsage, Oids.AuthorityKeyIdentifier, Oids.SubjectAlternativeName),
        .. Required(Intermediate, Oids.KeyUsage, Oids.BasicConstraints, Oids.SubjectKeyIdentifier, Oids.AuthorityKeyIdentifier),
        .. Required(Root, Oids.KeyUsage, Oids.BasicConstraints, Oids.SubjectKeyIdentifier),
        Of("extension-known", Leaf, parts => parts.Extensions.Add(new("1.3.6.1.4.1.99999.1", false, [0x05, 0x00]))),
        Of("extension-known", Leaf, parts => parts.Extensions.Add(new("1.3.6.1.4.1.99999.1", true, [0x05, 0x00]))),
        Of("extension-known", Leaf, (scene, parts) => parts.Extensions.Add(TbsParts.Of(scene.Build(scene.Spec(Intermediate)))[Oids.NameConstraints])),
        Of("extension-known", Root, (scene, parts) => parts.Extensions.Add(TbsParts.Of(scene.Build(scene.Spec(Leaf)))[Oids.ExtendedKeyUsage])),
        Of("extension-known", CertificateRole.IdentityRoot, (scene, parts) => parts.Extensions.Add(TbsParts.Of(scene.Build(scene.Spec(Leaf)))[Oids.SubjectAlternativeName])),
        Of("extension-once", Leaf, parts => parts.Extensions.Add(parts[Oids.ExtendedKeyUsage])),
        Of("extension-once", Intermediate, parts => parts.Extensions.Add(parts[Oids.BasicConstraints])),
        Of("extension-not-critical", Leaf, parts => parts.Criticality(Oids.ExtendedKeyUsage, true)),
        Of("extension-not-critical", Leaf, parts => parts.Criticality(Oids.AuthorityKeyIdentifier, true)),
        Of("extension-not-critical", Root, parts => parts.Criticality(Oids.SubjectKeyIdentifier, true)),
        Of("extension-not-critical", Leaf, parts => parts.Criticality(Oids.CrlDistributionPoints, true)),
        Of("extension-not-critical", Leaf, parts => parts.Criticality(Oids.AuthorityInformationAccess, true)),
        Of("key-usage-critical", Leaf, parts => parts.Criticality(Oids.KeyUsage, false)),
        Of("key-usage-critical", Root, parts => parts.Criticality(Oids.KeyUsage, false)),
        Of("basic-constraints-critical", Leaf, parts => parts.Criticality(Oids.BasicConstraints, false)),
        Of("basic-constraints-critical", Root, parts => parts.Criticality(Oids.BasicConstraints, false)),
        Of("name-constraints-critical", Intermediate, parts => parts.Criticality(Oids.NameConstraints, false)),
        // digitalSignature + nonRepudiation; keyEncipherment with an EC key; no bits; trailing zero bits; a CA that signs other things.
        Of("key-usage-bits", Leaf, parts => parts.Replace(Oids.KeyUsage, [0x03, 0x02, 0x06, 0xC0])),
        Of("key-usage-bits", Leaf, parts => parts.Replace(Oids.KeyUsage, [0x03, 0x02, 0x05, 0xA0])),
        Of("key-usage-bits", Leaf, parts => parts.Replace(Oids.KeyUsage, [0x03, 0x01, 0x00]), "key-usage-no-signing"),
        Of("key-usage-bits", Leaf, parts => parts.Replace(Oids.KeyUsage, [0x03, 0x02, 0x00, 0x80]), "key-usage-no-signing"),
        Of("key-usage-bits", Root, parts => parts.Replace(Oids.KeyUsage, [0x03, 0x02, 0x01, 0x86])),
        Of("key-usage-no-signing", Leaf, parts => parts.Replace(Oids.KeyUsage, [0x03, 0x02, 0x02, 0x84]), "key-usage-bits"),
        Of("key-usage-no-signing", IdentityLeaf, parts => parts.Replace(Oids.KeyUsage, [0x03, 0x02, 0x01, 0x82]), "key-usage-bits"),
        Of("extended-key-usage-planned", Leaf, parts => parts.Replace(Oids.ExtendedKeyUsage, Purposes(Oids.ServerAuth))),
        Of("extended-key-usage-planned", Leaf, parts => parts.Replace(Oids.ExtendedKeyUsage, Purposes(Oids.ClientAuth, Oids.ServerAuth))),
        Of("extended-key-usage-any", Leaf, parts => parts.Replace(Oids.ExtendedKeyUsage, Purposes(Oids.ServerAuth, Oids.ClientAuth, Oids.AnyExtendedKeyUsage)),
            "extended-key-usage-planned", "extended-key-usage-role"),
        Of("extended-key-usage-role", IdentityLeaf, parts => parts.Replace(Oids.ExtendedKeyUsage, Purposes(Oids.ServerAuth)), "extended-key-usage-planned"),
        Of("extended-key-usage-role", ServerIdentity, parts => parts.Replace(Oids.ExtendedKeyUsage, Purposes(Oids.ClientAuth)), "extended-key-usage-planned"),
        // Code signing, asked for by the specification itself.
        Of("extended-key-usage-role", Leaf, parts => parts.Replace(Oids.ExtendedKeyUsage, Purposes("1.3.6.1.5.5.7.3.3")), "extended-key-usage-planned"),
        Of("extended-key-usage-role", Leaf, parts => parts.Replace(Oids.ExtendedKeyUsage, Der.Sequence()), "extended-key-usage-planned"),
        Of("basic-constraints-leaf", Leaf, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence([0x01, 0x01, 0xFF]))),
        Of("basic-constraints-leaf", IdentityLeaf, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence([0x01, 0x01, 0xFF]))),
        Of("basic-constraints-leaf", Leaf, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence(Der.Integer(0)))),
        Of("basic-constraints-leaf", Leaf, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence([0x01, 0x01, 0x00]))),
        Of("basic-constraints-authority", Intermediate, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence(Der.Integer(0)))),
        Of("path-length-planned", Root, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence([0x01, 0x01, 0xFF], Der.Integer(3)))),
        Of("path-length-planned", Root, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence([0x01, 0x01, 0xFF]))),
        Of("path-length-below-issuers", Intermediate, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence([0x01, 0x01, 0xFF], Der.Integer(1))),
            "path-length-planned"),
        Of("path-length-below-issuers", Intermediate, parts => parts.Replace(Oids.BasicConstraints, Der.Sequence([0x01, 0x01, 0xFF])), "path-length-planned"),
    ];

    private static IEnumerable<Mutant> Pointers() =>
    [
        Of("crl-distribution-points", Leaf, parts => parts.Replace(Oids.CrlDistributionPoints, Points("http://ca.net.gq/crl/2"))),
        Of("crl-distribution-points", Leaf, parts => parts.Remove(Oids.CrlDistributionPoints)),
        Of("crl-distribution-points", Leaf, parts => parts.Replace(Oids.CrlDistributionPoints, Points("http://ca.net.gq/crl/1", "http://ca.net.gq/crl/2"))),
        // Only some reasons; another issuer of CRLs.
        Of("crl-distribution-points", Leaf, parts => parts.Replace(Oids.CrlDistributionPoints,
            Der.Sequence(Der.Sequence(Name("http://ca.net.gq/crl/1"), Der.Tagged(0x81, [0x01, 0x02]))))),
        Of("crl-distribution-points", Intermediate, parts => parts.Replace(Oids.CrlDistributionPoints, Points("http://ca.net.gq/crl/1"))),
        Of("authority-information-access", Leaf, parts => parts.Replace(Oids.AuthorityInformationAccess, Access(Oids.CaIssuers, "http://ca.net.gq/other.crt"))),
        Of("authority-information-access", Leaf, parts => parts.Replace(Oids.AuthorityInformationAccess, Access("1.3.6.1.5.5.7.48.1", "http://ca.net.gq/issuer-1.crt"))),
        Of("authority-information-access", Leaf, parts => parts.Remove(Oids.AuthorityInformationAccess)),
        Of("pointer-urls", Leaf, parts => parts.Replace(Oids.CrlDistributionPoints, Points("https://ca.net.gq/crl/1")), "crl-distribution-points"),
        Of("pointer-urls", Leaf, parts => parts.Replace(Oids.AuthorityInformationAccess, Access(Oids.CaIssuers, "http://user@ca.net.gq/1")), "authority-information-access"),
        Of("pointer-urls", Leaf, parts => parts.Replace(Oids.CrlDistributionPoints, Points("ldap://ca.net.gq/crl")), "crl-distribution-points"),
    ];

    private static IEnumerable<Mutant> Required(CertificateRole role, params string[] oids) =>
        oids.Select(oid => Of("extension-missing", role, parts => parts.Remove(oid)));

    private static byte[] Purposes(params string[] oids) => Der.Sequence([.. oids.Select(Der.Oid)]);

    private static byte[] Name(params string[] urls) => Der.Tagged(0xA0, Der.Tagged(0xA0, [.. urls.Select(url => Der.Tagged(0x86, Ascii(url)))]));

    private static byte[] Points(params string[] urls) => Der.Sequence(Der.Sequence(Name(urls)));

    private static byte[] Access(string method, string url) => Der.Sequence(Der.Sequence(Der.Oid(method), Der.Tagged(0x86, Ascii(url))));
}

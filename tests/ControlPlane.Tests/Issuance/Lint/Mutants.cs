using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Tests.Issuance.Lint;

/// <summary>One way to break one rule.</summary>
/// <param name="Rule">The rule that must report.</param>
/// <param name="Role">The role it is tried with.</param>
/// <param name="Break">Turns the good pieces into the bad bytes.</param>
/// <param name="Also">The other rules that cannot but report, too; no further one may.</param>
internal sealed record Mutant(string Rule, CertificateRole Role, Func<Scene, TbsParts, byte[]> Break, params string[] Also)
{
    /// <summary>A specification other than the role's usual one.</summary>
    public Func<Scene, CertificateSpec>? Spec { get; init; }

    public CertificateSpec SpecIn(Scene scene) => Spec?.Invoke(scene) ?? scene.Spec(Role);
}

internal static partial class Mutants
{
    private const CertificateRole Leaf = CertificateRole.Leaf, Intermediate = CertificateRole.Intermediate, Root = CertificateRole.Root;
    private const CertificateRole IdentityLeaf = CertificateRole.IdentityLeaf, ServerIdentity = CertificateRole.ServerIdentity;

    public static IReadOnlyList<Mutant> All { get; } = [.. Structure(), .. Fields(), .. Keys(), .. Extensions(), .. Names(), .. Constraints(), .. Pointers()];

    private static Mutant Of(string rule, CertificateRole role, Action<TbsParts> change, params string[] also) => Of(rule, role, (_, parts) => change(parts), also);

    private static Mutant Of(string rule, CertificateRole role, Action<Scene, TbsParts> change, params string[] also) => new(rule, role, (scene, parts) =>
    {
        change(scene, parts);
        return parts.Encode();
    }, also);

    private static IEnumerable<Mutant> Structure() =>
    [
        // The length in three octets where two are enough.
        new("der", Leaf, (_, parts) => parts.Encode() is var tbs ? [tbs[0], 0x83, 0x00, .. tbs[2..]] : []),
        new("der", Leaf, (_, parts) => parts.Encode()[..^1]),
        new("der", Leaf, (_, _) => []),
        Of("der", Leaf, parts => parts.Extensions[1] = parts.Extensions[1] with { WritesDefault = true }),
        Of("der", Leaf, parts => parts.Key = []),
        Of("der", Leaf, parts => parts.Serial = Der.Integer(0x00, 0x01)),
        Of("der", Leaf, parts => parts.NotAfter = [.. parts.NotAfter, .. parts.NotAfter]),
        new("trailing-bytes", Leaf, (_, parts) => [.. parts.Encode(), 0x05, 0x00]),
        Of("version-3", Leaf, parts => parts.Version = null),
        Of("version-3", Leaf, parts => parts.Version = Der.Tagged(0xA0, Der.Integer(1))),
        Of("version-3", Root, parts => parts.Version = Der.Tagged(0xA0, Der.Integer(3))),
        Of("serial-positive", Leaf, parts => parts.Serial = Der.Integer(0), "serial-planned"),
        Of("serial-positive", Leaf, parts => parts.Serial = Der.Integer(0x80, 1, 2, 3, 4, 5, 6, 7, 8), "serial-planned"),
        Of("serial-length", Leaf, parts => parts.Serial = Der.Integer([.. Enumerable.Repeat((byte)1, 21)]), "serial-planned"),
        Of("serial-planned", Leaf, parts => parts.Serial[^1] ^= 1),
        Of("serial-planned", Root, parts => parts.Serial = Der.Integer(7)),
        Of("signature-algorithm", Leaf, parts => parts.Algorithm = Der.Sequence(Der.Oid(Oids.EcdsaWithSha384))),
        Of("signature-algorithm", Leaf, parts => parts.Algorithm = Der.Sequence(Der.Oid(Oids.EcdsaWithSha256), [0x05, 0x00])),
        Of("signature-algorithm", Root, parts => parts.Algorithm = Der.Sequence(Der.Oid(Oids.Sha256WithRsa), [0x05, 0x00])),
        Of("unique-identifiers", Leaf, parts => parts.UniqueId = Der.Tagged(0x81, [0x00, 0x01])),
        Of("unique-identifiers", Leaf, parts => parts.UniqueId = Der.Tagged(0x82, [0x00, 0x01])),
    ];

    private static IEnumerable<Mutant> Fields() =>
    [
        Of("issuer-present", Leaf, parts => parts.Issuer = Der.Sequence(), "issuer-planned"),
        Of("issuer-planned", Leaf, parts => parts.Issuer = Der.Name("Net Root")),
        // The same text in another string type is another name to some verifiers.
        Of("issuer-planned", Leaf, parts => parts.Issuer = Der.Name("Net Issuer 1", tag: 0x13)),
        Of("issuer-planned", Root, parts => parts.Issuer = Der.Name("Another Root")),
        Of("validity-encoding", Leaf, parts => parts.NotAfter = Der.Utc("3001030304Z")),
        Of("validity-encoding", Leaf, parts => parts.NotAfter = Der.Utc("300103030404+0000")),
        Of("validity-encoding", Leaf, parts => parts.NotAfter = Der.Generalized("20300103030404Z")),
        Of("validity-encoding", Leaf, parts => parts.NotAfter = Der.Generalized("20300103030404.5Z")),
        Of("validity-encoding", Leaf, parts => parts.NotBefore = Der.Utc("301302030405Z")),
        Of("validity-order", Leaf, parts => (parts.NotBefore, parts.NotAfter) = (parts.NotAfter, parts.NotBefore), "validity-planned"),
        Of("validity-planned", Leaf, parts => parts.NotAfter = Der.Utc("300103030405Z")),
        Of("validity-planned", Leaf, parts => parts.NotBefore = Der.Utc("300102030304Z")),
        Of("validity-planned", Root, parts => parts.NotAfter = Der.Generalized("20500101000000Z")),
        Of("validity-within-issuer", Leaf, parts => parts.NotAfter = Der.Utc("491231235959Z"), "validity-planned"),
        Of("validity-within-issuer", Leaf, parts => parts.NotBefore = Der.Utc("291201000000Z"), "validity-planned"),
        Of("subject-form", Intermediate, parts => parts.Subject = Der.Name("Net Issuer 1", "2.5.4.11")),
        Of("subject-form", Intermediate, parts => parts.Subject = Der.Name("Net Issuer 1", tag: 0x14)),
        Of("subject-form", Intermediate, parts => parts.Subject = Der.Name("")),
        Of("subject-form", Intermediate, parts => parts.Subject = Der.Name("Net\u0000Issuer 1")),
        Of("subject-planned", Intermediate, parts => parts.Subject = Der.Name("Net Issuer 2")),
        Of("subject-length", Intermediate, parts => parts.Subject = Der.Name(new string('n', 65)), "subject-planned"),
        Of("subject-of-authority", Intermediate, parts => parts.Subject = Der.Sequence(), "subject-planned"),
        Of("subject-among-names", Leaf, parts => parts.Subject = Der.Name("www.net.gq"), "subject-planned", "san-criticality"),
    ];

    private static IEnumerable<Mutant> Keys() =>
    [
        Of("public-key-planned", Leaf, parts => PutKey(parts, NewKey())),
        Of("public-key-planned", Root, (scene, parts) => PutKey(parts, scene.LeafKey.ExportSubjectPublicKeyInfo())),
        Of("public-key-not-the-issuers", Leaf, (scene, parts) => PutKey(parts, scene.IssuerKey.ExportSubjectPublicKeyInfo()), "public-key-planned"),
        // A compressed point, another curve, parameters that do not belong, a short modulus, an even stranger algorithm.
        Of("public-key-algorithm", Leaf, parts => PutKey(parts, Ec(Oids.P256, [2, .. Point(parts)[1..33]])), "public-key-planned"),
        Of("public-key-algorithm", Leaf, parts => PutKey(parts, Ec("1.3.132.0.10", Point(parts))), "public-key-planned"),
        Of("public-key-algorithm", Leaf, parts => PutKey(parts, Info(Der.Sequence(Der.Oid(Oids.Ed25519), [0x05, 0x00]), new byte[32])), "public-key-planned"),
        Of("public-key-algorithm", Leaf, parts => PutKey(parts, Info(Der.Sequence(Der.Oid(Oids.RsaEncryption)), Rsa(2048))), "public-key-planned"),
        Of("public-key-algorithm", Leaf, parts => PutKey(parts, Info(Der.Sequence(Der.Oid(Oids.RsaEncryption), [0x05, 0x00]), Rsa(1024))), "public-key-planned"),
        Of("public-key-algorithm", Leaf, parts => PutKey(parts, Info(Der.Sequence(Der.Oid("1.2.840.10040.4.1")), new byte[32])), "public-key-planned"),
        Of("subject-key-identifier", Leaf, parts => parts[Oids.SubjectKeyIdentifier].Value[^1] ^= 1),
        // RFC 7093 §2 method 4: over the whole SubjectPublicKeyInfo.
        Of("subject-key-identifier", Leaf, parts => parts.Replace(Oids.SubjectKeyIdentifier, Der.Octets(SHA256.HashData(parts.Key)[..20]))),
        Of("authority-key-identifier", Leaf, parts => parts[Oids.AuthorityKeyIdentifier].Value[^1] ^= 1),
        Of("authority-key-identifier", Leaf, parts => parts.Replace(Oids.AuthorityKeyIdentifier,
            Der.Sequence(Der.Content(parts[Oids.AuthorityKeyIdentifier].Value), Der.Tagged(0x82, [1])))),
        Of("authority-key-identifier", Leaf, parts => parts.Replace(Oids.AuthorityKeyIdentifier, Der.Sequence())),
    ];

    private static byte[] NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportSubjectPublicKeyInfo();
    }

    private static byte[] Rsa(int bits)
    {
        using var key = RSA.Create(bits);
        return key.ExportRSAPublicKey();
    }

    private static byte[] Ec(string curve, byte[] point) => Info(Der.Sequence(Der.Oid(Oids.EcPublicKey), Der.Oid(curve)), point);

    private static byte[] Info(byte[] algorithm, byte[] key) => Der.Sequence(algorithm, Der.Tagged(0x03, [0x00, .. key]));

    private static byte[] Point(TbsParts parts) => parts.Key[^65..];

    /// <summary>Another key with its own identifier, so that nothing but the key is wrong.</summary>
    private static void PutKey(TbsParts parts, byte[] info)
    {
        parts.Key = info;
        var fields = new System.Formats.Asn1.AsnReader(info, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
        fields.ReadEncodedValue();
        parts.Replace(Oids.SubjectKeyIdentifier, Der.Octets(SHA256.HashData(fields.ReadBitString(out _))[..20]));
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}

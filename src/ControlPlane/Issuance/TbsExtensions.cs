using System.Net;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Pki;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using BcNameConstraints = Org.BouncyCastle.Asn1.X509.NameConstraints;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>The extensions of each role, in a fixed order (the room's README has the table).</summary>
internal static class TbsExtensions
{
    // RFC 7093 §2 method 1: the leftmost 160 bits of SHA-256; key identifiers need no SHA-1.
    private const int KeyIdentifierBytes = 20;

    public static X509Extensions Of(CertificateSpec spec, SubjectPublicKeyInfo key, X509CertificateStructure? issuer)
    {
        var extensions = new X509ExtensionsGenerator();
        if (spec.Role.IsAuthority())
        {
            extensions.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(spec.EffectivePathLength!.Value));
            extensions.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(KeyUsage.KeyCertSign | KeyUsage.CrlSign));
        }
        else
        {
            extensions.AddExtension(X509Extensions.KeyUsage, true, LeafUsageOf(spec.Key.Type));
            extensions.AddExtension(X509Extensions.ExtendedKeyUsage, false, new ExtendedKeyUsage(spec.ExtendedKeyUsages.Select(PurposeOf).ToArray()));
            extensions.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(false));
        }
        extensions.AddExtension(X509Extensions.SubjectKeyIdentifier, false, new SubjectKeyIdentifier(IdentifierOf(key)));
        if (issuer is not null) extensions.AddExtension(X509Extensions.AuthorityKeyIdentifier, false, new AuthorityKeyIdentifier(IdentifierOf(issuer)));
        AddNames(extensions, spec);
        if (issuer is not null) AddPointers(extensions, spec);
        return extensions.Generate();
    }

    private static void AddNames(X509ExtensionsGenerator extensions, CertificateSpec spec)
    {
        if (spec.Constraints is { } constraints)
            extensions.AddExtension(X509Extensions.NameConstraints, true, ConstraintsOf(constraints));
        var names = spec.Names.Select(NameOf).ToList();
        if (spec.UriSan is { } uri) names.Add(new GeneralName(GeneralName.UniformResourceIdentifier, uri));
        // RFC 5280 §4.2.1.6: critical exactly when the subject is empty.
        if (names.Count > 0)
            extensions.AddExtension(X509Extensions.SubjectAlternativeName, spec.SubjectCommonName.Length == 0, new GeneralNames(names.ToArray()));
    }

    private static void AddPointers(X509ExtensionsGenerator extensions, CertificateSpec spec)
    {
        if (spec.CrlUrl is { } crl)
        {
            var name = new DistributionPointName(new GeneralNames(new GeneralName(GeneralName.UniformResourceIdentifier, crl)));
            extensions.AddExtension(X509Extensions.CrlDistributionPoints, false, new CrlDistPoint([new DistributionPoint(name, null, null)]));
        }
        if (spec.IssuerUrl is { } url)
            extensions.AddExtension(X509Extensions.AuthorityInfoAccess, false, new AuthorityInformationAccess(
                AccessDescription.IdADCAIssuers, new GeneralName(GeneralName.UniformResourceIdentifier, url)));
    }

    // RFC 5246 §7.4.2: only RSA keys are ever encrypted to.
    private static KeyUsage LeafUsageOf(KeyType type) =>
        new(type == KeyType.Rsa ? KeyUsage.DigitalSignature | KeyUsage.KeyEncipherment : KeyUsage.DigitalSignature);

    private static KeyPurposeID PurposeOf(string usage) => usage switch
    {
        "serverAuth" => KeyPurposeID.id_kp_serverAuth,
        "clientAuth" => KeyPurposeID.id_kp_clientAuth,
        _ => throw new ArgumentException($"unknown extended key usage '{usage}'", nameof(usage)),
    };

    private static byte[] IdentifierOf(SubjectPublicKeyInfo key) => SHA256.HashData(key.PublicKey.GetBytes())[..KeyIdentifierBytes];

    internal static byte[] IdentifierOf(X509CertificateStructure issuer)
    {
        var value = issuer.TbsCertificate.Extensions?.GetExtensionParsedValue(X509Extensions.SubjectKeyIdentifier)
            ?? throw new InvalidOperationException("the issuer's certificate has no subject key identifier");
        return SubjectKeyIdentifier.GetInstance(value).GetKeyIdentifier();
    }

    private static GeneralName NameOf(Identifier name) => name.Address is { } address
        ? new GeneralName(GeneralName.IPAddress, new DerOctetString(address.GetAddressBytes()))
        : new GeneralName(GeneralName.DnsName, name.Value);

    private static BcNameConstraints ConstraintsOf(NameConstraints constraints)
    {
        List<GeneralSubtree> permitted =
        [
            .. constraints.Subtrees.Select(Subtree),
            .. constraints.Ranges.Select(Range),
        ];
        List<GeneralSubtree> excluded = [];
        if (constraints.ExcludesAllNames) excluded.Add(Subtree(""));
        if (constraints.ExcludesAllAddresses) excluded.AddRange([Range(IPNetwork.Parse("0.0.0.0/0")), Range(IPNetwork.Parse("::/0"))]);
        // RFC 5280 §4.2.1.10: a list that would be empty is left out.
        return new BcNameConstraints(new GeneralSubtrees([.. permitted]), excluded.Count > 0 ? new GeneralSubtrees([.. excluded]) : null);
    }

    private static GeneralSubtree Subtree(string name) => new(new GeneralName(GeneralName.DnsName, name));

    // RFC 5280 §4.2.1.10: the address, then its mask, in one octet string.
    private static GeneralSubtree Range(IPNetwork range)
    {
        var address = range.BaseAddress.GetAddressBytes();
        var octets = new byte[address.Length * 2];
        address.CopyTo(octets, 0);
        for (var bit = 0; bit < range.PrefixLength; bit++) octets[address.Length + (bit / 8)] |= (byte)(0x80 >> (bit % 8));
        return new GeneralSubtree(new GeneralName(GeneralName.IPAddress, new DerOctetString(octets)));
    }
}

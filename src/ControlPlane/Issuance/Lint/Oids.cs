namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>The object identifiers that the rules know.</summary>
internal static class Oids
{
    public const string SubjectKeyIdentifier = "2.5.29.14", KeyUsage = "2.5.29.15", SubjectAlternativeName = "2.5.29.17";
    public const string BasicConstraints = "2.5.29.19", NameConstraints = "2.5.29.30", CrlDistributionPoints = "2.5.29.31";
    public const string AuthorityKeyIdentifier = "2.5.29.35", ExtendedKeyUsage = "2.5.29.37", AuthorityInformationAccess = "1.3.6.1.5.5.7.1.1";

    public const string AnyExtendedKeyUsage = "2.5.29.37.0", ServerAuth = "1.3.6.1.5.5.7.3.1", ClientAuth = "1.3.6.1.5.5.7.3.2";
    public const string CrlNumber = "2.5.29.20", ReasonCode = "2.5.29.21", InvalidityDate = "2.5.29.24";

    public const string CaIssuers = "1.3.6.1.5.5.7.48.2", CommonName = "2.5.4.3";

    public const string RsaEncryption = "1.2.840.113549.1.1.1", Sha256WithRsa = "1.2.840.113549.1.1.11";
    public const string EcPublicKey = "1.2.840.10045.2.1", EcdsaWithSha256 = "1.2.840.10045.4.3.2", EcdsaWithSha384 = "1.2.840.10045.4.3.3";
    public const string P256 = "1.2.840.10045.3.1.7", P384 = "1.3.132.0.34", P521 = "1.3.132.0.35", Ed25519 = "1.3.101.112";
}

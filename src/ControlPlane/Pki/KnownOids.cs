namespace GrpcCa.ControlPlane.Pki;

/// <summary>Names for the object identifiers that people meet in refusals.</summary>
internal static class KnownOids
{
    /// <summary>The name with the number, or the number alone.</summary>
    public static string Describe(string oid)
    {
        var name = oid switch
        {
            "1.2.840.10040.4.1" => "DSA",
            "1.2.840.10046.2.1" => "Diffie-Hellman",
            "1.2.840.113549.1.1.7" => "RSA-OAEP",
            "1.2.840.113549.1.1.10" => "RSA-PSS",
            "1.3.101.110" => "X25519",
            "1.3.101.111" => "X448",
            "1.3.101.113" => "Ed448",
            "1.3.132.1.12" => "ECDH",
            "1.3.132.0.10" => "secp256k1",
            "1.3.132.0.33" => "P-224",
            "1.2.840.10045.3.1.1" => "P-192",
            "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
            "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
            "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
            "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
            "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
            "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
            "1.2.840.113549.1.1.2" => "MD2 with RSA",
            "1.2.840.113549.1.1.4" => "MD5 with RSA",
            "1.2.840.113549.1.1.5" => "SHA-1 with RSA",
            "1.2.840.113549.1.1.14" => "SHA-224 with RSA",
            "1.2.840.10045.4.1" => "ECDSA with SHA-1",
            "1.2.840.10045.4.3.1" => "ECDSA with SHA-224",
            "1.2.840.10040.4.3" => "DSA with SHA-1",
            _ => null,
        };
        return name is null ? oid : $"{name} ({oid})";
    }
}

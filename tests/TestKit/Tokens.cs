using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace GrpcCa.TestKit;

/// <summary>JSON Web Tokens as another program would make them (RFC 7515, RFC 7519); nothing of it is the server's code.</summary>
public static class Tokens
{
    /// <summary>A token in compact form, signed with ES256 or RS256 as the key is.</summary>
    public static string Sign(AsymmetricAlgorithm key, JsonObject header, JsonObject claims)
    {
        header["alg"] ??= AlgorithmOf(key);
        var input = $"{Encode(header)}.{Encode(claims)}";
        var bytes = Encoding.ASCII.GetBytes(input);
        var signature = key switch
        {
            ECDsa ec => ec.SignData(bytes, ec.KeySize == 384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256),
            RSA rsa => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => throw new ArgumentException("neither EC nor RSA", nameof(key)),
        };
        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>The claims of a one-time token that is good for five minutes.</summary>
    public static JsonObject Claims(string provisioner, DateTimeOffset now, params string[] names) => new()
    {
        ["iss"] = provisioner,
        ["aud"] = "grpcca:provisioners/" + provisioner,
        ["sub"] = names[0],
        ["sans"] = new JsonArray([.. names.Select(n => (JsonNode)n)]),
        ["iat"] = now.ToUnixTimeSeconds(),
        ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
        ["jti"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)),
    };

    /// <summary>A proof that the key of a certificate is held.</summary>
    public static string Proof(AsymmetricAlgorithm key, string certificate, string method, DateTimeOffset now, byte[]? csr = null, Action<JsonObject>? change = null)
    {
        var claims = new JsonObject
        {
            ["sub"] = certificate,
            ["aud"] = "grpcca:renewal",
            ["method"] = "grpcca.v1.CertificateService/" + method,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
            ["jti"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)),
        };
        if (csr is not null) claims["csr_sha256"] = Base64Url.EncodeToString(SHA256.HashData(csr));
        change?.Invoke(claims);
        return Sign(key, new JsonObject { ["typ"] = "grpcca-proof+jwt" }, claims);
    }

    /// <summary>A JWK (RFC 7517) of a P-256 or RSA public key.</summary>
    public static JsonObject Jwk(AsymmetricAlgorithm key, string? keyId = null)
    {
        var jwk = key switch
        {
            ECDsa ec when ec.ExportParameters(false) is var p => new JsonObject
            {
                ["kty"] = "EC", ["crv"] = "P-" + ec.KeySize, ["x"] = Base64Url.EncodeToString(p.Q.X), ["y"] = Base64Url.EncodeToString(p.Q.Y),
            },
            RSA rsa when rsa.ExportParameters(false) is var p => new JsonObject
            {
                ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(p.Modulus), ["e"] = Base64Url.EncodeToString(p.Exponent),
            },
            _ => throw new ArgumentException("neither EC nor RSA", nameof(key)),
        };
        if (keyId is not null) jwk["kid"] = keyId;
        return jwk;
    }

    /// <summary>A PKCS#10 request for dns names and addresses, DER.</summary>
    public static byte[] Csr(AsymmetricAlgorithm key, params string[] names)
    {
        var request = key is ECDsa ec
            ? new CertificateRequest("", ec, HashAlgorithmName.SHA256)
            : new CertificateRequest("", (RSA)key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var san = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (System.Net.IPAddress.TryParse(name, out var address)) san.AddIpAddress(address);
            else san.AddDnsName(name);
        }
        request.CertificateExtensions.Add(san.Build());
        return request.CreateSigningRequest();
    }

    private static string AlgorithmOf(AsymmetricAlgorithm key) => key switch
    {
        ECDsa { KeySize: 384 } => "ES384",
        ECDsa => "ES256",
        _ => "RS256",
    };

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary>Makes JSON Web Tokens in compact form (RFC 7519): one-time tokens, and proofs that a key is held.</summary>
internal static class CompactToken
{
    /// <summary>The claims of a one-time token.</summary>
    /// <param name="provisioner">The provisioner's id.</param>
    /// <param name="names">dns names and addresses.</param>
    /// <param name="now">The clock.</param>
    /// <param name="lifetime">How long it is good.</param>
    public static JsonObject Claims(string provisioner, IReadOnlyList<string> names, DateTimeOffset now, TimeSpan lifetime) => new()
    {
        ["iss"] = provisioner,
        ["aud"] = "grpcca:provisioners/" + provisioner,
        ["sub"] = names[0],
        ["sans"] = new JsonArray([.. names.Select(n => (JsonNode)JsonValue.Create(n))]),
        ["iat"] = now.ToUnixTimeSeconds(),
        ["exp"] = (now + lifetime).ToUnixTimeSeconds(),
        ["jti"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
    };

    /// <summary>Proves that the key of a certificate is held, for one call (see RenewCertificate).</summary>
    /// <param name="key">The certificate's key.</param>
    /// <param name="certificate"><c>certificates/{serial}</c>.</param>
    /// <param name="method"><c>RenewCertificate</c> or <c>RekeyCertificate</c>.</param>
    /// <param name="csr">The CSR of the new key; null where there is none.</param>
    /// <param name="audience">Null takes the usual one.</param>
    /// <param name="now">The clock.</param>
    public static string Prove(AsymmetricAlgorithm key, string certificate, string method, byte[]? csr, string? audience, DateTimeOffset now)
    {
        var claims = new JsonObject
        {
            ["sub"] = certificate,
            ["aud"] = audience ?? "grpcca:renewal",
            ["method"] = "grpcca.v1.CertificateService/" + method,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(2).ToUnixTimeSeconds(),
            ["jti"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        };
        if (csr is not null) claims["csr_sha256"] = Base64Url.EncodeToString(SHA256.HashData(csr));
        return Sign(key, new JsonObject { ["typ"] = "grpcca-proof+jwt" }, claims);
    }

    /// <summary>Signs with the algorithm that belongs to the key: ES256, ES384, ES512 or RS256.</summary>
    public static string Sign(AsymmetricAlgorithm key, JsonObject header, JsonObject claims)
    {
        var (algorithm, hash) = key switch
        {
            ECDsa { KeySize: 384 } => ("ES384", HashAlgorithmName.SHA384),
            ECDsa { KeySize: 521 } => ("ES512", HashAlgorithmName.SHA512),
            ECDsa => ("ES256", HashAlgorithmName.SHA256),
            _ => ("RS256", HashAlgorithmName.SHA256),
        };
        header["alg"] = algorithm;
        var input = $"{Encode(header)}.{Encode(claims)}";
        var bytes = Encoding.ASCII.GetBytes(input);
        var signature = key is ECDsa ec ? ec.SignData(bytes, hash) : ((RSA)key).SignData(bytes, hash, RSASignaturePadding.Pkcs1);
        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>What <c>kid</c> calls a key when nobody named it: its thumbprint (RFC 7638).</summary>
    public static string ThumbprintOf(AsymmetricAlgorithm key)
    {
        var text = key is ECDsa ec
            ? ec.ExportParameters(false) is var point
                ? $$"""{"crv":"P-{{ec.KeySize}}","kty":"EC","x":"{{Base64Url.EncodeToString(point.Q.X)}}","y":"{{Base64Url.EncodeToString(point.Q.Y)}}"}"""
                : ""
            : ((RSA)key).ExportParameters(false) is var numbers
                ? $$"""{"e":"{{Base64Url.EncodeToString(numbers.Exponent)}}","kty":"RSA","n":"{{Base64Url.EncodeToString(numbers.Modulus)}}"}"""
                : "";
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
    }

    /// <summary>The header that shows whose key signs (RFC 7515 §4.1.6).</summary>
    public static JsonObject ChainHeader(IEnumerable<X509Certificate2> chain) =>
        new() { ["typ"] = "JWT", ["x5c"] = new JsonArray([.. chain.Select(c => (JsonNode)JsonValue.Create(Convert.ToBase64String(c.RawData)))]) };

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}

using System.Collections.Immutable;
using GrpcCa.Gateway.Acme;
using GrpcCa.Protocol;

namespace GrpcCa.Gateway.Trust;

/// <summary>CA certificates as files: PEM unless the client asks for JSON or DER.</summary>
internal static class CertificateFiles
{
    private const string PemType = "application/x-pem-file";
    private const string DerType = "application/pkix-cert";
    private const string JsonType = "application/json";
    private const string ForAWhile = "public, max-age=300";
    // What is asked for by its hash never changes.
    private const string ForEver = "public, max-age=86400, immutable";

    /// <summary><c>/roots</c>, <c>/intermediates</c>: PEM, or JSON <c>{"crts": [PEM, …]}</c> by Accept.</summary>
    public static Reply List(HttpRequest request, ImmutableArray<PublishedCertificate> certificates) => !Wants(request, JsonType) ? Pem(certificates)
        : Reply.Json(StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("crts");
            foreach (var certificate in certificates) json.WriteStringValue(certificate.Pem);
            json.WriteEndArray();
            json.WriteEndObject();
        }) with { CacheControl = ForAWhile };

    /// <summary><c>/roots.pem</c>, <c>/intermediates.pem</c>.</summary>
    public static Reply Pem(ImmutableArray<PublishedCertificate> certificates) =>
        Reply.Text(StatusCodes.Status200OK, string.Concat(certificates.Select(c => c.Pem)), PemType) with { CacheControl = ForAWhile };

    /// <summary>
    /// <c>/root/{sha256}</c>, <c>/intermediates/{sha256}</c>: PEM, JSON <c>{"ca": PEM}</c> or DER by Accept; with <c>.cer</c> or
    /// <c>.der</c> always DER, for browsers and for those who follow a certificate's caIssuers. Null when unknown.
    /// </summary>
    public static Reply? One(HttpRequest request, ImmutableArray<PublishedCertificate> certificates, string name)
    {
        var der = name.EndsWith(".der", StringComparison.Ordinal) || name.EndsWith(TrustRoutes.DerSuffix, StringComparison.Ordinal);
        var sha256 = der ? name[..^4] : name;
        if (certificates.FirstOrDefault(r => r.Sha256.Equals(sha256, StringComparison.OrdinalIgnoreCase)) is not { } found) return null;
        var reply = der || Wants(request, DerType) ? new Reply(StatusCodes.Status200OK, found.Der, DerType)
            : Wants(request, JsonType) ? Reply.Json(StatusCodes.Status200OK, json =>
            {
                json.WriteStartObject();
                json.WriteString("ca", found.Pem);
                json.WriteEndObject();
            })
            : Reply.Text(StatusCodes.Status200OK, found.Pem, PemType);
        return reply with { CacheControl = ForEver };
    }

    private static bool Wants(HttpRequest request, string type) =>
        request.Headers.Accept.Any(value => value?.Contains(type, StringComparison.OrdinalIgnoreCase) == true);
}

using System.Security.Cryptography;
using System.Text;
using GrpcCa.Gateway.Acme;
using GrpcCa.Protocol;
using Microsoft.Net.Http.Headers;

namespace GrpcCa.Gateway.Trust;

/// <summary>Revocation lists over HTTP (RFC 5280 §4.2.1.13, RFC 2585 §4.2), with what caches have to know.</summary>
internal sealed class CrlFiles(CrlBook book, TimeProvider time)
{
    private const string DerType = "application/pkix-crl";
    private const string PemType = "application/x-pem-file";

    // A cache between us and who checks hides a revocation for that long.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private volatile Together? together;

    /// <summary><c>/crl</c>, <c>/crl/{id}</c>, <c>/crl.pem</c>; null when there is no such list.</summary>
    public Reply? Answer(HttpRequest request, string path)
    {
        if (path == TrustRoutes.AllCrls) return All(request);
        var crl = path == TrustRoutes.Crl ? book.First : book.Find(path[(TrustRoutes.Crl.Length + 1)..]);
        return crl is null ? null : Cached(request, crl.Der, DerType, crl.Sha256, crl.Reading.ThisUpdate, crl.Reading.NextUpdate);
    }

    private Reply? All(HttpRequest request)
    {
        var all = book.Current;
        if (all.Count == 0) return null;
        var kept = together;
        if (kept?.Of != all)
        {
            var pem = Encoding.ASCII.GetBytes(string.Concat(all.Select(c => PemEncoding.WriteString("X509 CRL", c.Der.Span) + "\n")));
            together = kept = new Together(all, pem, Convert.ToHexStringLower(SHA256.HashData(pem)));
        }
        return Cached(request, kept.Pem, PemType, kept.Sha256, all.Max(c => c.Reading.ThisUpdate), all.Min(c => c.Reading.NextUpdate));
    }

    private Reply Cached(HttpRequest request, ReadOnlyMemory<byte> body, string type, string sha256, DateTimeOffset modified, DateTimeOffset until)
    {
        var etag = $"\"{sha256[..32]}\"";
        var now = time.GetUtcNow();
        var left = until - now;
        var age = left < TimeSpan.Zero ? TimeSpan.Zero : left < MaxAge ? left : MaxAge;
        var reply = HasIt(request, etag) ? new Reply(StatusCodes.Status304NotModified) : new Reply(StatusCodes.Status200OK, body, type);
        return reply with
        {
            ETag = etag,
            LastModified = modified,
            Expires = now + age,
            CacheControl = $"public, max-age={(int)age.TotalSeconds}",
        };
    }

    /// <summary>All lists in one file, made once for as long as they are served.</summary>
    private sealed record Together(IReadOnlyList<KeptCrl> Of, byte[] Pem, string Sha256);

    // If-Modified-Since is left alone, as RFC 9110 §13.1.3 allows: two lists may come within a second, and people ask with
    // the time of a file that a cache gave them. A revocation must not be hidden by either.
    private static bool HasIt(HttpRequest request, string etag) =>
        request.GetTypedHeaders().IfNoneMatch.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Tag.Equals(etag, StringComparison.Ordinal));
}

using System.Net;
using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Http01;

/// <summary>Where a redirect may lead: http to the http port, https to the https port, nowhere else. The guard judges the address.</summary>
internal static class RedirectRules
{
    private const int MaxPath = 2000;

    /// <summary>303 is not among them: it means the answer is something else than what was asked for.</summary>
    public static bool IsRedirect(int status) => status is 301 or 302 or 307 or 308;

    /// <exception cref="AttemptFailedException">The target is not one we follow.</exception>
    public static HttpTarget Follow(HttpTarget from, string? location, ValidationBounds bounds)
    {
        if (string.IsNullOrEmpty(location)) throw new AttemptFailedException(RefusalReason.IncorrectResponse, $"{from.Url} redirects without a Location");
        var shown = SafeExcerpt.Of(location);
        // RFC 3986 §2: a URL is ASCII; what a server writes beyond it means something else to every reader.
        if (!Ascii.IsValid(location)) throw Refused(from, shown, "it has characters beyond ASCII");
        if (!TryResolve(from, location, out var next)) throw Refused(from, shown, "it is no URL that can be followed");
        if (next!.Scheme != Uri.UriSchemeHttp && next.Scheme != Uri.UriSchemeHttps) throw Refused(from, shown, "only http and https are followed");
        if (next.UserInfo.Length > 0) throw Refused(from, shown, "a user name in a URL is not followed");
        var secure = next.Scheme == Uri.UriSchemeHttps;
        var port = secure ? bounds.HttpsPort : bounds.HttpPort;
        if (next.Port != port) throw Refused(from, shown, $"{next.Scheme} is followed to port {port} only");
        if (next.PathAndQuery.Length > MaxPath) throw Refused(from, shown, $"its path has more than {MaxPath} characters");
        return new HttpTarget(secure, HostOf(next, from, shown), port, next.PathAndQuery);
    }

    private static bool TryResolve(HttpTarget from, string location, out Uri? next)
    {
        next = null;
        if (location.Any(c => char.IsControl(c) || c == ' ' || c == '\\')) return false;
        var scheme = from.Secure ? "https" : "http";
        // A path that begins with a slash would be a file's name to the URI parser.
        var absolute = location.StartsWith("//", StringComparison.Ordinal) ? $"{scheme}:{location}"
            : location[0] == '/' ? $"{scheme}://{from.HostHeader}{location}"
            : location;
        return Uri.TryCreate(new Uri(from.Url), absolute, out next) && next.IsAbsoluteUri;
    }

    private static string HostOf(Uri next, HttpTarget from, string shown)
    {
        if (next.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6)
        {
            var literal = next.IdnHost.Trim('[', ']');
            if (!literal.Contains('%', StringComparison.Ordinal) && IPAddress.TryParse(literal, out var address)) return address.ToString();
            throw Refused(from, shown, "its address cannot be read");
        }
        if (next.HostNameType != UriHostNameType.Dns) throw Refused(from, shown, "its host is neither a name nor an address");
        return next.IdnHost.TrimEnd('.').ToLowerInvariant();
    }

    private static AttemptFailedException Refused(HttpTarget from, string shown, string why) =>
        new(RefusalReason.Connection, $"{from.Url} redirects to \"{shown}\": {why}");
}

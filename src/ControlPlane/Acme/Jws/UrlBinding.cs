using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>
/// Binds a signature to the resource it was made for (RFC 8555 §6.4) without trusting the gateway that carried it:
/// ids are compared, and origins with what operators declared.
/// </summary>
internal static class UrlBinding
{
    /// <summary>The signed url names this resource at one of this gateway's base URLs, else unauthorized.</summary>
    public static void Require(string signedUrl, IncomingRequest request)
    {
        if (AcmeRoutes.TryParseUrl(signedUrl, out var origin, out var route)
            && route == request.Route
            && request.Gateway.BaseUrls.Contains(origin, StringComparer.Ordinal))
        {
            return;
        }
        if (request.Gateway.BaseUrls.IsEmpty)
            throw Unauthorized($"the gateway {Excerpt.Of(request.Gateway.Id)} has no base URL, so no signed url can be right for it");
        // Both are shown: most mismatches are a reverse proxy that renames the host or a base URL nobody declared.
        var expected = request.LinkOrigin + request.Route.Path;
        throw Unauthorized($"the signed url is {Excerpt.Of(signedUrl)}, but the request is for {Excerpt.Of(expected)}");
    }

    /// <summary>
    /// The account id in a kid. A URL that is none of our account URLs is malformed; one of a host or provisioner
    /// that is not this one's is an account that does not exist here, so that clients of a CA that was replaced
    /// register anew by themselves (RFC 8555 §6.2, §7.3).
    /// </summary>
    public static string AccountIdOf(string kid, IncomingRequest request)
    {
        if (!AcmeRoutes.TryParseUrl(kid, out var origin, out var route) || route.Resource != AcmeResource.Account)
            throw new RefusalException(RefusalReason.Malformed, $"kid {Excerpt.Of(kid)} is not an account URL");
        if (route.Provisioner != request.Provisioner || !request.AccountOrigins.Contains(origin))
            throw NoAccount(kid, request);
        return route.Id;
    }

    public static RefusalException NoAccount(string kid, IncomingRequest request) =>
        new(RefusalReason.AccountDoesNotExist, $"{Excerpt.Of(kid)} is not an account of {Excerpt.Of(request.Provisioner)}");

    private static RefusalException Unauthorized(string detail) => new(RefusalReason.Unauthorized, detail);
}

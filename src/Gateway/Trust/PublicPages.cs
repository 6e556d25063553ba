using GrpcCa.Gateway.Acme;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Protocol;

namespace GrpcCa.Gateway.Trust;

/// <summary>What anyone may fetch on both listeners: roots, intermediates, revocation lists, health, version and the landing page.</summary>
internal sealed class PublicPages(ConfigBook config, CrlFiles crls, LinkState state)
{
    private const string Allow = "GET, HEAD, OPTIONS";

    /// <summary>Answers any request that is not below <c>/acme/</c>.</summary>
    public Reply Answer(HttpContext http, string path, string requestId)
    {
        if (Find(http.Request, path) is not { } page) return Reply.Of(AcmeProblems.NotFound(MissingText(path)), requestId);
        var method = http.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method)) return page;
        if (HttpMethods.IsOptions(method)) return new Reply(StatusCodes.Status204NoContent) { Allow = Allow };
        return Reply.Of(AcmeProblems.Malformed(StatusCodes.Status405MethodNotAllowed, "only GET and HEAD work here"), requestId) with { Allow = Allow };
    }

    private Reply? Find(HttpRequest request, string path)
    {
        var now = config.Current;
        return path switch
        {
            "/" => LandingPage.Render(now, now.OriginOf(request.Host.Value) ?? now.FirstOrigin),
            "/roots" => CertificateFiles.List(request, now.Roots),
            "/roots.pem" => CertificateFiles.Pem(now.Roots),
            "/intermediates" => CertificateFiles.List(request, now.Intermediates),
            "/intermediates.pem" => CertificateFiles.Pem(now.Intermediates),
            "/health" => Health(),
            "/version" => Version(now),
            TrustRoutes.Crl or TrustRoutes.AllCrls => crls.Answer(request, path),
            _ when IsBelow(path, TrustRoutes.Crl) => crls.Answer(request, path),
            _ when IsBelow(path, TrustRoutes.Root) => CertificateFiles.One(request, now.Roots, path[(TrustRoutes.Root.Length + 1)..]),
            _ when IsBelow(path, TrustRoutes.Intermediate) => CertificateFiles.One(request, now.Intermediates, path[(TrustRoutes.Intermediate.Length + 1)..]),
            _ => null,
        };
    }

    // Health says that the gateway serves; without the control plane it still serves directory and roots.
    private Reply Health() => Reply.Json(StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WriteString("status", "ok");
        json.WriteString("controlPlane", state.Reach switch
        {
            Reach.Reachable => "reachable",
            Reach.Unreachable => "unreachable",
            Reach.Refused => "refused",
            _ => "unknown",
        });
        json.WriteEndObject();
    });

    private static Reply Version(GatewaySnapshot now) => Reply.Json(StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WriteString("version", GatewayVersion.Text);
        json.WriteString("controlPlane", now.Config.ServerVersion);
        json.WriteEndObject();
    });

    private static bool IsBelow(string path, string parent) => path.Length > parent.Length + 1 && path[parent.Length] == '/' && path.StartsWith(parent, StringComparison.Ordinal);

    private static string MissingText(string path) => path is TrustRoutes.Crl or TrustRoutes.AllCrls || IsBelow(path, TrustRoutes.Crl)
        ? "no such revocation list is kept here"
        : "there is nothing at this path";
}

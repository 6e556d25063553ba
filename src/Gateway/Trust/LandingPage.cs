using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using GrpcCa.Gateway.Acme;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Protocol;

namespace GrpcCa.Gateway.Trust;

/// <summary>The page a person sees who opens the gateway in a browser: directories, root fingerprint, downloads; no scripts.</summary>
internal static class LandingPage
{
    private const string Style = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#222;background:#fff}"
        + "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}code{font:14px ui-monospace,monospace;overflow-wrap:anywhere}"
        + "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8bf}}";

    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static Reply Render(GatewaySnapshot now, string origin)
    {
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">")
            .Append("<title>GrpcCa certificate authority</title><style>").Append(Style).Append("</style></head>\n<body><h1>GrpcCa certificate authority</h1>\n")
            .Append("<h2>ACME directories</h2>\n<ul>\n");
        foreach (var directory in now.Config.Directories)
        {
            var url = Text(origin + new AcmeRoute(AcmeResource.Directory, directory.ProvisionerId).Path);
            page.Append("<li><a href=\"").Append(url).Append("\"><code>").Append(url).Append("</code></a></li>\n");
        }
        page.Append("</ul>\n<h2>Root certificates</h2>\n<p>Compare the SHA-256 fingerprint with the one your administrator gave you before you trust a root.</p>\n<ul>\n");
        foreach (var root in now.Roots)
        {
            page.Append("<li><code>").Append(root.Sha256).Append("</code><br><a href=\"/root/").Append(root.Sha256).Append("\">PEM</a> · <a href=\"/root/")
                .Append(root.Sha256).Append(".der\">DER</a></li>\n");
        }
        page.Append("</ul>\n<p><a href=\"/roots.pem\">All roots</a> · <a href=\"/intermediates.pem\">Intermediates</a> · <a href=\"/crl.pem\">Revocation lists</a></p>\n</body></html>\n");
        return Reply.Text(StatusCodes.Status200OK, page.ToString(), "text/html; charset=utf-8") with { ContentSecurityPolicy = Policy };
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}

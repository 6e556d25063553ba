using System.Diagnostics.CodeAnalysis;

namespace GrpcCa.Protocol;

/// <summary>The ACME resources that have a URL (RFC 8555 §7.1).</summary>
public enum AcmeResource
{
    /// <summary><c>/acme/{provisioner}/directory</c></summary>
    Directory,
    /// <summary><c>/acme/{provisioner}/new-nonce</c></summary>
    NewNonce,
    /// <summary><c>/acme/{provisioner}/new-account</c></summary>
    NewAccount,
    /// <summary><c>/acme/{provisioner}/new-order</c></summary>
    NewOrder,
    /// <summary><c>/acme/{provisioner}/new-authz</c></summary>
    NewAuthorization,
    /// <summary><c>/acme/{provisioner}/revoke-cert</c></summary>
    RevokeCert,
    /// <summary><c>/acme/{provisioner}/key-change</c></summary>
    KeyChange,
    /// <summary><c>/acme/{provisioner}/renewal-info/{id}</c> (RFC 9773); without id, the URL in the directory</summary>
    RenewalInfo,
    /// <summary><c>/acme/{provisioner}/account/{id}</c></summary>
    Account,
    /// <summary><c>/acme/{provisioner}/account/{id}/orders</c>, <c>/acme/{provisioner}/account/{id}/orders/{cursor}</c> for further pages</summary>
    AccountOrders,
    /// <summary><c>/acme/{provisioner}/order/{id}</c></summary>
    Order,
    /// <summary><c>/acme/{provisioner}/order/{id}/finalize</c></summary>
    Finalize,
    /// <summary><c>/acme/{provisioner}/authz/{id}</c></summary>
    Authorization,
    /// <summary><c>/acme/{provisioner}/challenge/{authz}/{id}</c></summary>
    Challenge,
    /// <summary><c>/acme/{provisioner}/certificate/{id}</c>, <c>/acme/{provisioner}/certificate/{id}/{chain}</c> for alternates</summary>
    Certificate,
}

/// <summary>A parsed ACME path: which resource of which provisioner. Ids are compared, never strings of URLs.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Provisioner">The provisioner's id.</param>
/// <param name="Id">The first id of the path; empty where there is none.</param>
/// <param name="SubId">The second id of the path (challenge id, alternate chain); empty where there is none.</param>
public readonly record struct AcmeRoute(AcmeResource Resource, string Provisioner, string Id = "", string SubId = "")
{
    /// <summary>The path, starting with a slash.</summary>
    public string Path => AcmeRoutes.Prefix + Provisioner + Resource switch
    {
        AcmeResource.Directory => "/directory",
        AcmeResource.NewNonce => "/new-nonce",
        AcmeResource.NewAccount => "/new-account",
        AcmeResource.NewOrder => "/new-order",
        AcmeResource.NewAuthorization => "/new-authz",
        AcmeResource.RevokeCert => "/revoke-cert",
        AcmeResource.KeyChange => "/key-change",
        AcmeResource.RenewalInfo => Id.Length == 0 ? "/renewal-info" : "/renewal-info/" + Id,
        AcmeResource.Account => "/account/" + Id,
        AcmeResource.AccountOrders => SubId.Length == 0 ? "/account/" + Id + "/orders" : "/account/" + Id + "/orders/" + SubId,
        AcmeResource.Order => "/order/" + Id,
        AcmeResource.Finalize => "/order/" + Id + "/finalize",
        AcmeResource.Authorization => "/authz/" + Id,
        AcmeResource.Challenge => "/challenge/" + Id + "/" + SubId,
        AcmeResource.Certificate => SubId.Length == 0 ? "/certificate/" + Id : "/certificate/" + Id + "/" + SubId,
        _ => throw new InvalidOperationException($"no path for {Resource}"),
    };
}

/// <summary>The one place that knows the shape of ACME URLs; gateway and control plane both use it.</summary>
public static class AcmeRoutes
{
    /// <summary>What every ACME path starts with.</summary>
    public const string Prefix = "/acme/";

    /// <summary>Reads a path such as <c>/acme/acme/order/…</c>: exact case, no trailing slash, no query, no escapes.</summary>
    public static bool TryParse(ReadOnlySpan<char> path, out AcmeRoute route)
    {
        route = default;
        if (!path.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        Span<Range> parts = stackalloc Range[6];
        var rest = path[Prefix.Length..];
        var count = rest.Split(parts, '/');
        if (count is < 2 or > 5) return false;
        for (var i = 0; i < count; i++)
            if (!IsId(rest[parts[i]])) return false;
        var provisioner = rest[parts[0]].ToString();
        var word = rest[parts[1]];
        AcmeRoute? found = count switch
        {
            2 => word switch
            {
                "directory" => new(AcmeResource.Directory, provisioner),
                "new-nonce" => new(AcmeResource.NewNonce, provisioner),
                "new-account" => new(AcmeResource.NewAccount, provisioner),
                "new-order" => new(AcmeResource.NewOrder, provisioner),
                "new-authz" => new(AcmeResource.NewAuthorization, provisioner),
                "revoke-cert" => new(AcmeResource.RevokeCert, provisioner),
                "key-change" => new(AcmeResource.KeyChange, provisioner),
                "renewal-info" => new(AcmeResource.RenewalInfo, provisioner),
                _ => null,
            },
            3 => word switch
            {
                "account" => new(AcmeResource.Account, provisioner, rest[parts[2]].ToString()),
                "order" => new(AcmeResource.Order, provisioner, rest[parts[2]].ToString()),
                "authz" => new(AcmeResource.Authorization, provisioner, rest[parts[2]].ToString()),
                "certificate" => new(AcmeResource.Certificate, provisioner, rest[parts[2]].ToString()),
                "renewal-info" => new(AcmeResource.RenewalInfo, provisioner, rest[parts[2]].ToString()),
                _ => null,
            },
            5 => word is "account" && rest[parts[3]] is "orders"
                ? new(AcmeResource.AccountOrders, provisioner, rest[parts[2]].ToString(), rest[parts[4]].ToString())
                : null,
            _ => (word.ToString(), rest[parts[3]].ToString()) switch
            {
                ("account", "orders") => new(AcmeResource.AccountOrders, provisioner, rest[parts[2]].ToString()),
                ("order", "finalize") => new(AcmeResource.Finalize, provisioner, rest[parts[2]].ToString()),
                ("challenge", var id) => new(AcmeResource.Challenge, provisioner, rest[parts[2]].ToString(), id),
                ("certificate", var n) => new(AcmeResource.Certificate, provisioner, rest[parts[2]].ToString(), n),
                _ => null,
            },
        };
        if (found is null) return false;
        route = found.Value;
        return true;
    }

    /// <summary>Splits an absolute https URL into origin and route; false when the path is none of ours.</summary>
    public static bool TryParseUrl(string url, [NotNullWhen(true)] out string? origin, out AcmeRoute route)
    {
        origin = null;
        route = default;
        const string scheme = "https://";
        if (!url.StartsWith(scheme, StringComparison.Ordinal)) return false;
        var slash = url.IndexOf('/', scheme.Length);
        if (slash < 0 || !TryParse(url.AsSpan(slash), out route)) return false;
        origin = url[..slash];
        return true;
    }

    // Ids are base64url or hex words, the dot joins the two halves of an ARI certificate id (RFC 9773 §4.1).
    private static bool IsId(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > 128) return false;
        foreach (var c in text)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')) return false;
        return true;
    }
}

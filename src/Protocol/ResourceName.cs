namespace GrpcCa.Protocol;

/// <summary>Resource names (AIP-122): <c>collection/id</c>, nested as <c>collection/id/collection/id</c>.</summary>
public static class ResourceName
{
    /// <summary>Authorities.</summary>
    public const string Authorities = "authorities";
    /// <summary>Issuers below an authority.</summary>
    public const string Issuers = "issuers";
    /// <summary>Further chains below an issuer.</summary>
    public const string Chains = "chains";
    /// <summary>Provisioners.</summary>
    public const string Provisioners = "provisioners";
    /// <summary>Profiles.</summary>
    public const string Profiles = "profiles";
    /// <summary>Name rules.</summary>
    public const string NameRules = "nameRules";
    /// <summary>ACME accounts.</summary>
    public const string Accounts = "accounts";
    /// <summary>Keys for external account binding.</summary>
    public const string EabKeys = "eabKeys";
    /// <summary>ACME orders.</summary>
    public const string Orders = "orders";
    /// <summary>Certificates.</summary>
    public const string Certificates = "certificates";
    /// <summary>Revocation lists.</summary>
    public const string Crls = "crls";
    /// <summary>Gateways.</summary>
    public const string Gateways = "gateways";
    /// <summary>Operators.</summary>
    public const string Operators = "operators";
    /// <summary>Webhooks.</summary>
    public const string Webhooks = "webhooks";
    /// <summary>Audit events.</summary>
    public const string Approvals = "approvals";

    public const string AuditEvents = "auditEvents";

    /// <summary>Joins a collection and an id: <c>provisioners/acme</c>.</summary>
    public static string Of(string collection, string id) => $"{collection}/{id}";

    /// <summary>The name of an issuer below its authority.</summary>
    public static string OfIssuer(string authority, string issuer) => $"{Authorities}/{authority}/{Issuers}/{issuer}";

    /// <summary>Reads <c>collection/id</c>; false when the collection is another one or the id is empty or has a slash.</summary>
    public static bool TryParse(string name, string collection, out string id)
    {
        id = "";
        if (!name.StartsWith(collection, StringComparison.Ordinal) || name.Length < collection.Length + 2 || name[collection.Length] != '/')
            return false;
        var rest = name[(collection.Length + 1)..];
        if (rest.Contains('/', StringComparison.Ordinal)) return false;
        id = rest;
        return true;
    }
}

using System.Globalization;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Api.Filters;

/// <summary>
/// Turns a list request into a query of the certificate store. Every piece of the query is a constant of this table;
/// what the caller wrote travels as a parameter.
/// </summary>
internal static class CertificateFilter
{
    private static readonly string[] Equal = ["="];
    private static readonly string[] Ordered = ["<", "<=", ">", ">="];

    private static readonly Dictionary<string, string[]> Fields = new(StringComparer.Ordinal)
    {
        ["identifier"] = Equal,
        ["state"] = Equal,
        ["account"] = Equal,
        ["order"] = Equal,
        ["provisioner"] = Equal,
        ["profile"] = Equal,
        ["gateway"] = Equal,
        ["issuer"] = Equal,
        ["expire_time"] = Ordered,
        ["create_time"] = Ordered,
    };

    /// <exception cref="RefusalException">The filter, the order or the page token is wrong.</exception>
    public static CertificateQuery Query(string filter, CertificateOrder order, Page page, DateTimeOffset now)
    {
        var parameters = new List<KeyValuePair<string, object>>();
        string Parameter(object value)
        {
            var name = $"@p{parameters.Count}";
            parameters.Add(new(name, value));
            return name;
        }
        var conditions = FilterParser.Parse(filter, Fields).Select(term => Condition(term, now, Parameter)).ToList();
        var after = page.IsFirst ? "1 = 1" : order.Behind(Parameter(Wire.Position(page.After[0]).ToUnixTimeMilliseconds()), Parameter(page.After[1]));
        return new CertificateQuery(conditions.Count == 0 ? "1 = 1" : string.Join(" and ", conditions), after, order.Ordering, parameters, page.Size + 1);
    }

    private static string Condition(FilterTerm term, DateTimeOffset now, Func<object, string> parameter) => term.Field switch
    {
        "identifier" => $"serial in (select serial from certificate_names where identifier = {parameter(Name(term.Value))})",
        "state" => State(term.Value, parameter(now.ToUnixTimeMilliseconds())),
        "account" => $"account_id = {parameter(Id(term, ResourceName.Accounts))}",
        "order" => $"order_id = {parameter(Id(term, ResourceName.Orders))}",
        "provisioner" => $"provisioner_id = {parameter(Id(term, ResourceName.Provisioners))}",
        "profile" => $"profile_id = {parameter(Id(term, ResourceName.Profiles))}",
        "gateway" => $"gateway_id = {parameter(Id(term, ResourceName.Gateways))}",
        "issuer" => $"issuer = {parameter(term.Value)}",
        "expire_time" => $"not_after {term.Operator} {parameter(Time(term))}",
        _ => $"created_at {term.Operator} {parameter(Time(term))}",
    };

    // The states of the API, derived from the row and the clock; revoked stays revoked after its last second.
    private static string State(string state, string now) => state switch
    {
        "VALID" or "STATE_VALID" => $"(revoked_at is null and not_after >= {now})",
        "EXPIRED" or "STATE_EXPIRED" => $"(revoked_at is null and not_after < {now})",
        "REVOKED" or "STATE_REVOKED" => $"(revoked_at is not null and {now} = {now})",
        _ => throw Wrong($"state is VALID, EXPIRED or REVOKED, not {Excerpt.Of(state)}"),
    };

    private static string Name(string text)
    {
        try
        {
            return Identifier.ParseKind(text).ToString();
        }
        catch (RefusalException fault)
        {
            throw Wrong($"identifier: {fault.Detail}");
        }
    }

    private static string Id(FilterTerm term, string collection) => ResourceName.TryParse(term.Value, collection, out var id)
        ? id
        : throw Wrong($"{term.Field} is a name such as {collection}/…, not {Excerpt.Of(term.Value)}");

    private static long Time(FilterTerm term) =>
        DateTimeOffset.TryParse(term.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && term.Value.Contains('T', StringComparison.Ordinal)
            ? time.ToUnixTimeMilliseconds()
            : throw Wrong($"{term.Field} is compared with a time such as \"2026-12-01T00:00:00Z\", not {Excerpt.Of(term.Value)}");

    private static RefusalException Wrong(string fault) => new(RefusalReason.InvalidArgument, $"the filter is wrong: {fault}") { Field = "filter" };
}

/// <summary>One of the orders that a list of certificates can have; the serial decides between equals.</summary>
internal sealed record CertificateOrder(string Column, bool Descending, Func<CertificateRecord, DateTimeOffset> KeyOf)
{
    public string Ordering => $"{Column} {Direction}, serial {Direction}";

    private string Direction => Descending ? "desc" : "asc";

    /// <exception cref="RefusalException">There is no such order.</exception>
    public static CertificateOrder Read(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)) switch
    {
        "" or "create_time desc" => new("created_at", true, c => c.CreatedAt),
        "create_time" or "create_time asc" => new("created_at", false, c => c.CreatedAt),
        "expire_time desc" => new("not_after", true, c => c.NotAfter),
        "expire_time" or "expire_time asc" => new("not_after", false, c => c.NotAfter),
        _ => throw new RefusalException(RefusalReason.InvalidArgument, "order_by is create_time or expire_time, with desc or without") { Field = "order_by" },
    };

    public string Behind(string time, string serial) => $"(({Column}, serial) {(Descending ? "<" : ">")} ({time}, {serial}))";

    public string Token(string query, CertificateRecord certificate) =>
        Page.Token(query, KeyOf(certificate).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), certificate.Serial.Hex);
}

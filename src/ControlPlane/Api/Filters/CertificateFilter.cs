using System.Collections.Immutable;
using System.Globalization;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Api.Filters;

/// <summary>What a filter of certificates says, as conditions of the store's list.</summary>
internal static class CertificateFilter
{
    private const int Sha256Bytes = 32;

    private static readonly string[] Equal = ["="];
    private static readonly string[] Ordered = ["<", "<=", ">", ">="];

    private static readonly Dictionary<string, string[]> Fields = new(StringComparer.Ordinal)
    {
        ["identifier"] = Equal,
        ["serial"] = Equal,
        ["state"] = Equal,
        ["account"] = Equal,
        ["order"] = Equal,
        ["provisioner"] = Equal,
        ["profile"] = Equal,
        ["gateway"] = Equal,
        ["authority"] = Equal,
        ["issuer"] = Equal,
        ["public_key_sha256"] = Equal,
        ["requester"] = Equal,
        ["expire_time"] = Ordered,
        ["create_time"] = Ordered,
        ["revoke_time"] = Ordered,
    };

    /// <exception cref="RefusalException">The filter is wrong.</exception>
    public static ImmutableArray<CertificateCondition> Read(string filter, DateTimeOffset now) =>
        [.. FilterParser.Parse(filter, Fields).SelectMany(term => Conditions(term, now))];

    /// <summary>Orders that a list can have: <c>create_time</c> or <c>expire_time</c>, with <c>desc</c> or without.</summary>
    /// <exception cref="RefusalException">There is no such order.</exception>
    public static CertificateOrder ReadOrder(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)) switch
    {
        "" or "create_time desc" => new(ByExpiry: false, Descending: true),
        "create_time" or "create_time asc" => new(ByExpiry: false, Descending: false),
        "expire_time desc" => new(ByExpiry: true, Descending: true),
        "expire_time" or "expire_time asc" => new(ByExpiry: true, Descending: false),
        _ => throw new RefusalException(RefusalReason.InvalidArgument, "order_by is create_time or expire_time, with desc or without") { Field = "order_by" },
    };

    /// <summary>Where a page goes on; null for the first.</summary>
    public static CertificatePosition? After(Page page) =>
        page.IsFirst ? null : new(Wire.Position(page.After[0]).ToUnixTimeMilliseconds(), page.After[1]);

    /// <summary>Issued by any issuer of an authority.</summary>
    public static CertificateCondition OfAuthority(string id) => new(CertificateField.Authority, ResourceName.Of(ResourceName.Authorities, id) + "/issuers/");

    /// <exception cref="RefusalException">It is no SHA-256 in hexadecimal.</exception>
    public static byte[] Hash(string text, string field)
    {
        var hash = new byte[Sha256Bytes];
        return text.Length == 2 * Sha256Bytes && Convert.FromHexString(text, hash, out _, out _) == System.Buffers.OperationStatus.Done
            ? hash
            : throw new RefusalException(RefusalReason.InvalidArgument, $"public_key_sha256 is 64 hexadecimal digits, not {Excerpt.Of(text)}") { Field = field };
    }

    private static ImmutableArray<CertificateCondition> Conditions(FilterTerm term, DateTimeOffset now) => term.Field switch
    {
        "state" => State(term.Value, now),
        "identifier" => [new(CertificateField.Identifier, Name(term.Value))],
        "serial" => [new(CertificateField.Serial, Serial(term.Value))],
        "account" => [new(CertificateField.Account, Id(term, ResourceName.Accounts))],
        "order" => [new(CertificateField.Order, Id(term, ResourceName.Orders))],
        "provisioner" => [new(CertificateField.Provisioner, Id(term, ResourceName.Provisioners))],
        "profile" => [new(CertificateField.Profile, Id(term, ResourceName.Profiles))],
        "gateway" => [new(CertificateField.Gateway, Id(term, ResourceName.Gateways))],
        "authority" => [OfAuthority(Id(term, ResourceName.Authorities))],
        "issuer" => [new(CertificateField.Issuer, Clean(term))],
        "public_key_sha256" => [new(CertificateField.Key, Hash(term.Value, "filter"))],
        "requester" => [new(CertificateField.Requester, Clean(term))],
        "expire_time" => [new(CertificateField.Expires, Time(term), By(term))],
        "revoke_time" => [new(CertificateField.Revoked, Time(term), By(term))],
        _ => [new(CertificateField.Created, Time(term), By(term))],
    };

    // The states of the API, derived from the row and the clock; revoked stays revoked after its last second.
    private static ImmutableArray<CertificateCondition> State(string state, DateTimeOffset now) => state switch
    {
        "VALID" or "STATE_VALID" => CertificateCondition.Live(now),
        "EXPIRED" or "STATE_EXPIRED" => [new(CertificateField.IsNotRevoked, 0L), new(CertificateField.Expires, now.ToUnixTimeMilliseconds(), Comparison.Less)],
        "REVOKED" or "STATE_REVOKED" => [new(CertificateField.IsRevoked, 0L)],
        _ => throw Wrong($"state is VALID, EXPIRED or REVOKED, not {Excerpt.Of(state)}"),
    };

    private static Comparison By(FilterTerm term) => term.Operator switch
    {
        "<" => Comparison.Less,
        "<=" => Comparison.LessOrEqual,
        ">" => Comparison.Greater,
        _ => Comparison.GreaterOrEqual,
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

    private static string Serial(string text) => SerialNumber.TryParseHex(text, out var serial)
        ? serial.Hex
        : throw Wrong($"serial is a serial number in hexadecimal, not {Excerpt.Of(text)}");

    // PostgreSQL takes no NUL in a text.
    private static string Clean(FilterTerm term) => term.Value.Contains('\0', StringComparison.Ordinal)
        ? throw Wrong($"{term.Field} has a NUL in it")
        : term.Value;

    private static string Id(FilterTerm term, string collection) => ResourceName.TryParse(Clean(term), collection, out var id)
        ? id
        : throw Wrong($"{term.Field} is a name such as {collection}/…, not {Excerpt.Of(term.Value)}");

    private static long Time(FilterTerm term) =>
        DateTimeOffset.TryParse(term.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && term.Value.Contains('T', StringComparison.Ordinal)
            ? time.ToUnixTimeMilliseconds()
            : throw Wrong($"{term.Field} is compared with a time such as \"2026-12-01T00:00:00Z\", not {Excerpt.Of(term.Value)}");

    private static RefusalException Wrong(string fault) => new(RefusalReason.InvalidArgument, $"the filter is wrong: {fault}") { Field = "filter" };
}

using System.Globalization;
using System.Text.Json;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Acme;

/// <summary>Writes the control plane's messages as the JSON of RFC 8555 §7.1; no member that the RFC does not know.</summary>
internal static class AcmeJson
{
    private const string ErrorPrefix = "urn:ietf:params:acme:error:";

    public static void Account(Utf8JsonWriter json, AcmeAccount account)
    {
        json.WriteStartObject();
        json.WriteString("status", account.Status);
        Strings(json, "contact", account.Contact);
        if (account.TermsOfServiceAgreed) json.WriteBoolean("termsOfServiceAgreed", true);
        Optional(json, "orders", account.OrdersUrl);
        Raw(json, "key", account.KeyJson);
        Raw(json, "externalAccountBinding", account.ExternalAccountBindingJson);
        json.WriteEndObject();
    }

    public static void Order(Utf8JsonWriter json, AcmeOrder order)
    {
        json.WriteStartObject();
        json.WriteString("status", order.Status);
        Time(json, "expires", order.ExpireTime);
        json.WriteStartArray("identifiers");
        foreach (var identifier in order.Identifiers) Identifier(json, identifier);
        json.WriteEndArray();
        Optional(json, "profile", order.Profile);
        Time(json, "notBefore", order.NotBefore);
        Time(json, "notAfter", order.NotAfter);
        Optional(json, "replaces", order.Replaces);
        Error(json, order.Error);
        Strings(json, "authorizations", order.Authorizations);
        json.WriteString("finalize", order.FinalizeUrl);
        Optional(json, "certificate", order.CertificateUrl);
        json.WriteEndObject();
    }

    public static void Authorization(Utf8JsonWriter json, AcmeAuthorization authorization)
    {
        json.WriteStartObject();
        json.WritePropertyName("identifier");
        Identifier(json, authorization.Identifier ?? new AcmeIdentifier());
        json.WriteString("status", authorization.Status);
        Time(json, "expires", authorization.ExpireTime);
        json.WriteStartArray("challenges");
        foreach (var challenge in authorization.Challenges) Challenge(json, challenge);
        json.WriteEndArray();
        // RFC 8555 §7.1.4: absent unless true.
        if (authorization.Wildcard) json.WriteBoolean("wildcard", true);
        json.WriteEndObject();
    }

    public static void Challenge(Utf8JsonWriter json, AcmeChallenge challenge)
    {
        json.WriteStartObject();
        json.WriteString("type", challenge.Type);
        json.WriteString("url", challenge.Url);
        json.WriteString("status", challenge.Status);
        json.WriteString("token", challenge.Token);
        Time(json, "validated", challenge.ValidateTime);
        Error(json, challenge.Error);
        json.WriteEndObject();
    }

    public static void Orders(Utf8JsonWriter json, RepeatedField<string> orders)
    {
        json.WriteStartObject();
        Strings(json, "orders", orders);
        json.WriteEndObject();
    }

    public static void Problem(Utf8JsonWriter json, AcmeProblem problem)
    {
        json.WriteStartObject();
        json.WriteString("type", ErrorPrefix + problem.Type);
        json.WriteString("detail", Printable(problem.Detail));
        if (problem.Status != 0) json.WriteNumber("status", problem.Status);
        Optional(json, "instance", problem.Instance);
        if (problem.Algorithms.Count > 0) Strings(json, "algorithms", problem.Algorithms);
        if (problem.Subproblems.Count > 0)
        {
            json.WriteStartArray("subproblems");
            foreach (var part in problem.Subproblems) Subproblem(json, part);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void Subproblem(Utf8JsonWriter json, AcmeSubproblem part)
    {
        json.WriteStartObject();
        json.WriteString("type", ErrorPrefix + part.Type);
        json.WriteString("detail", Printable(part.Detail));
        if (part.Identifier is not null)
        {
            json.WritePropertyName("identifier");
            Identifier(json, part.Identifier);
        }
        json.WriteEndObject();
    }

    private static void Error(Utf8JsonWriter json, AcmeProblem? error)
    {
        if (error is null) return;
        json.WritePropertyName("error");
        Problem(json, error);
    }

    private static void Identifier(Utf8JsonWriter json, AcmeIdentifier identifier)
    {
        json.WriteStartObject();
        json.WriteString("type", identifier.Type);
        json.WriteString("value", identifier.Value);
        json.WriteEndObject();
    }

    private static void Strings(Utf8JsonWriter json, string name, RepeatedField<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void Optional(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0) json.WriteString(name, value);
    }

    private static void Raw(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length == 0) return;
        json.WritePropertyName(name);
        json.WriteRawValue(value);
    }

    // RFC 3339 in whole seconds: what every client can read.
    public static void Time(Utf8JsonWriter json, string name, Timestamp? time)
    {
        if (time is not null) json.WriteString(name, time.ToDateTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    // Text of a stranger may be quoted in a detail: terminals must not obey it.
    private static string Printable(string text) => text.Any(char.IsControl)
        ? string.Create(text.Length, text, static (span, from) => { for (var i = 0; i < from.Length; i++) span[i] = char.IsControl(from[i]) ? ' ' : from[i]; })
        : text;
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>One message: its id, its type and the JSON that is signed and sent. docs/webhooks.md shows the members.</summary>
internal sealed record WebhookMessage(string Id, string Type, byte[] Body)
{
    public const string AuthorizeType = "certificate.authorize", TestType = "webhook.test";

    /// <summary>
    /// What is told of a certificate. The id follows from webhook, event and serial, so that whoever is told twice can see it.
    /// </summary>
    public static WebhookMessage Of(WebhookRecord webhook, WebhookEvent what, CertificateRecord certificate, DateTimeOffset now)
    {
        var type = what switch
        {
            WebhookEvent.Issued => "certificate.issued",
            WebhookEvent.Revoked => "certificate.revoked",
            WebhookEvent.Expiring => "certificate.expiring",
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, "is a question, no message about a certificate"),
        };
        var about = Encoding.UTF8.GetBytes($"{webhook.Id}\n{webhook.CreatedAt.ToUnixTimeMilliseconds()}\n{type}\n{certificate.Serial.Hex}");
        var id = "msg_" + Convert.ToHexStringLower(SHA256.HashData(about).AsSpan(0, 16));
        return new WebhookMessage(id, type, Json(id, type, webhook, now, json =>
        {
            json.WriteString("certificate", certificate.Name);
            json.WriteString("serial", certificate.Serial.Hex);
            Names(json, certificate.Identifiers);
            Name(json, "provisioner", ResourceName.Provisioners, certificate.ProvisionerId);
            Name(json, "profile", ResourceName.Profiles, certificate.ProfileId);
            Name(json, "account", ResourceName.Accounts, certificate.AccountId);
            Name(json, "order", ResourceName.Orders, certificate.OrderId);
            Name(json, "gateway", ResourceName.Gateways, certificate.GatewayId);
            json.WriteString("issuer", certificate.Issuer);
            json.WriteString("key_type", certificate.KeyType);
            json.WriteString("key_sha256", Convert.ToHexStringLower(certificate.KeySha256));
            json.WriteString("not_before_time", Time(certificate.NotBefore));
            json.WriteString("expire_time", Time(certificate.NotAfter));
            if (certificate.RevokedAt is { } revoked) json.WriteString("revoke_time", Time(revoked));
            if (certificate.RevocationReason is { } reason) json.WriteString("revocation_reason", JsonNamingPolicy.CamelCase.ConvertName(reason.ToString()));
            if (what == WebhookEvent.Issued) json.WriteString("certificate_pem", Pem.Encode(Pem.Certificate, certificate.Der));
        }));
    }

    /// <summary>The question before a certificate is issued.</summary>
    public static WebhookMessage Of(WebhookRecord webhook, IssuanceQuestion question, string id, DateTimeOffset now) =>
        new(id, AuthorizeType, Json(id, AuthorizeType, webhook, now, json =>
        {
            Names(json, question.Identifiers);
            Name(json, "provisioner", ResourceName.Provisioners, question.ProvisionerId);
            Name(json, "profile", ResourceName.Profiles, question.ProfileId);
            Name(json, "account", ResourceName.Accounts, question.AccountId);
            Name(json, "order", ResourceName.Orders, question.OrderId);
            Name(json, "gateway", ResourceName.Gateways, question.GatewayId);
            json.WriteString("requester", question.Requester);
            if (question.ClientAddress.Length > 0) json.WriteString("client_address", question.ClientAddress);
            json.WriteString("key_type", question.Key.TypeText);
            json.WriteString("key_sha256", question.Key.Sha256Hex);
            if (question.NotAfter is { } end) json.WriteString("wanted_expire_time", Time(end));
            if (!question.CsrDer.IsEmpty) json.WriteBase64String("csr", question.CsrDer.Span);
        }));

    /// <summary>Says nothing; whoever checks the signature can see that it arrives.</summary>
    public static WebhookMessage Test(WebhookRecord webhook, string id, DateTimeOffset now) =>
        new(id, TestType, Json(id, TestType, webhook, now, static _ => { }));

    /// <summary>An id for what is sent once and not kept.</summary>
    public static string NewId() => "msg_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static byte[] Json(string id, string type, WebhookRecord webhook, DateTimeOffset now, Action<Utf8JsonWriter> data)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("type", type);
            json.WriteString("timestamp", Time(now));
            json.WriteString("webhook", webhook.Name);
            json.WriteStartObject("data");
            data(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private static void Names(Utf8JsonWriter json, IEnumerable<Identifier> identifiers)
    {
        json.WriteStartArray("identifiers");
        foreach (var identifier in identifiers)
        {
            json.WriteStartObject();
            json.WriteString("type", identifier.TypeName);
            json.WriteString("value", identifier.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Name(Utf8JsonWriter json, string member, string collection, string? id)
    {
        if (id is not null) json.WriteString(member, ResourceName.Of(collection, id));
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
}

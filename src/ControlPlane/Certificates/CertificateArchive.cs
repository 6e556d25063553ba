using System.Buffers;
using System.Globalization;
using System.Text.Json;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>
/// Files of certificates that leave the store: JSON Lines, one file for each month that certificates ended in and for each
/// replica. Lines are appended and synced before this returns. A line may be there twice, since it is written before the
/// row goes; of lines with one serial the last counts.
/// </summary>
internal sealed class CertificateArchive(ArchiveOptions options, string replica)
{
    private const byte LineEnd = (byte)'\n';

    /// <summary>Whether there is one.</summary>
    public bool IsSet => options.Directory is not null;

    /// <exception cref="IOException">Not all of it is on the disk: none of them may leave the store.</exception>
    public void Append(IReadOnlyCollection<EndedCertificate> certificates)
    {
        var directory = options.Directory ?? throw new InvalidOperationException("there is no archive");
        SyncedFile.EnsurePrivateDirectory(directory);
        foreach (var month in certificates.GroupBy(c => c.Record.NotAfter.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture)))
            SyncedFile.Append(Path.Combine(directory, $"certificates-{month.Key}.{Uri.EscapeDataString(replica)}.jsonl"), LineEnd, Lines(month), SyncedFile.Private);
    }

    private static ReadOnlySpan<byte> Lines(IEnumerable<EndedCertificate> certificates)
    {
        var lines = new ArrayBufferWriter<byte>();
        foreach (var certificate in certificates)
        {
            using (var json = new Utf8JsonWriter(lines)) Write(json, certificate.Record, certificate.Evidence);
            lines.Write([LineEnd]);
        }
        return lines.WrittenSpan;
    }

    private static void Write(Utf8JsonWriter json, CertificateRecord record, CertificateEvidence evidence)
    {
        json.WriteStartObject();
        json.WriteString("serial", record.Serial.Hex);
        json.WriteStartArray("identifiers");
        foreach (var identifier in record.Identifiers) json.WriteStringValue(identifier.ToString());
        json.WriteEndArray();
        Time(json, "notBefore", record.NotBefore);
        Time(json, "notAfter", record.NotAfter);
        Time(json, "issuedAt", record.CreatedAt);
        Time(json, "revokedAt", record.RevokedAt);
        Text(json, "revocationReason", record.RevocationReason?.ToString());
        Time(json, "invalidSince", record.InvalidSince);
        json.WriteString("issuer", record.Issuer);
        Text(json, "provisioner", record.ProvisionerId);
        Text(json, "account", record.AccountId);
        Text(json, "requester", record.Requester);
        Text(json, "order", record.OrderId);
        Text(json, "profile", record.ProfileId);
        Text(json, "gateway", record.GatewayId);
        Text(json, "renews", record.Renews?.Hex);
        Text(json, "renewedThrough", record.RenewedThrough);
        json.WriteString("keyType", record.KeyType);
        json.WriteString("publicKeySha256", Convert.ToHexStringLower(record.KeySha256));
        json.WriteString("certificate", Pem.Encode("CERTIFICATE", record.Der));
        if (evidence.NewOrder is { } newOrder) json.WriteBase64String("newOrderEvidence", newOrder);
        if (evidence.Finalize is { } finalize) json.WriteBase64String("finalizeEvidence", finalize);
        json.WriteEndObject();
    }

    private static void Time(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } at) json.WriteString(name, at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFZ", CultureInfo.InvariantCulture));
    }

    private static void Text(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null) json.WriteString(name, text);
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>The keys that webhooks know our calls by, and the signatures made with them (Standard Webhooks, symmetric: <c>v1</c>).</summary>
internal sealed class WebhookSecrets(SecretEnvelope envelope, TimeProvider time)
{
    /// <summary>What libraries of Standard Webhooks take before the base64 of the key.</summary>
    public const string Prefix = "whsec_";

    private const int Size = 32;

    /// <summary>A fresh key: sealed for the store, and as text to be shown once.</summary>
    public (byte[] Sealed, string Text) Make(string id)
    {
        var key = RandomNumberGenerator.GetBytes(Size);
        var made = (envelope.Seal(key, Purpose(id)), Prefix + Convert.ToBase64String(key));
        CryptographicOperations.ZeroMemory(key);
        return made;
    }

    /// <summary>The value of <c>webhook-signature</c>: one signature, or two while a secret that was rotated still counts.</summary>
    public string Sign(WebhookRecord webhook, string messageId, long timestamp, ReadOnlySpan<byte> body)
    {
        var signed = new byte[Encoding.ASCII.GetByteCount(messageId) + 22 + body.Length];
        var head = string.Create(CultureInfo.InvariantCulture, $"{messageId}.{timestamp}.");
        var length = Encoding.ASCII.GetBytes(head, signed);
        body.CopyTo(signed.AsSpan(length));
        var content = signed.AsSpan(0, length + body.Length);
        var current = Signature(webhook.SealedSecret, webhook.Id, content);
        return webhook.PreviousSecret is { } previous && webhook.PreviousUntil > time.GetUtcNow()
            ? $"{current} {Signature(previous, webhook.Id, content)}"
            : current;
    }

    private string Signature(byte[] sealedSecret, string id, ReadOnlySpan<byte> content)
    {
        var key = envelope.Open(sealedSecret, Purpose(id));
        try
        {
            return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, content));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static string Purpose(string id) => Protocol.ResourceName.Of(Protocol.ResourceName.Webhooks, id);
}

using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>The public TLS certificates of a gateway, on the day it stops being one of ours.</summary>
internal static class OwnCertificates
{
    /// <summary>Revokes those that are good still, in the transaction of the act whose audit event names them.</summary>
    public static async ValueTask<IReadOnlyList<SerialNumber>> RevokeAsync(
        StoreSession session, string gatewayId, RevocationReason reason, WebhookNotice notice, DateTimeOffset now)
    {
        var revoked = new List<SerialNumber>();
        foreach (var certificate in await CertificateStore.ListOfGatewayAsync(session, gatewayId, now))
        {
            if (await CertificateStore.RevokeAsync(session, certificate.Serial, reason, now) != 1) continue;
            await notice.WriteAsync(session, certificate with { RevokedAt = now, RevocationReason = reason });
            revoked.Add(certificate.Serial);
        }
        return revoked;
    }
}

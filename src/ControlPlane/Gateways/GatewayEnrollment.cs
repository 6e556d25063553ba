using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>A gateway with the identity it was just given.</summary>
internal sealed record GatewayIdentity(GatewayRecord Gateway, byte[] CertificateDer, IReadOnlyList<byte[]> IdentityRoots);

/// <summary>How a gateway gets its identity: first by a join token, afterwards by the identity it has; and its TLS certificate.</summary>
internal sealed class GatewayEnrollment(
    IStore store, IdentityAuthority identities, GatewayTlsIssuer tlsIssuer, GatewayBook book, TimeProvider time)
{
    /// <summary>
    /// Exchanges a secret for an identity. The secret is spent before anything is signed: of many who bring it one gets
    /// a certificate, and a failure afterwards costs a new token, never a second identity.
    /// </summary>
    public async Task<GatewayIdentity> EnrollAsync(string secret, ReadOnlyMemory<byte> csrDer, CancellationToken cancellationToken)
    {
        // Strangers may call: without a token that is known they cost one indexed read, no parsing and no write.
        await store.ReadAsync(session => JoinTokens.SubjectAsync(session, ResourceName.Gateways, secret, time.GetUtcNow()), cancellationToken);
        var key = IdentityRequest.KeyOf(csrDer);
        var gateway = await store.WriteAsync(async session =>
        {
            var id = await JoinTokens.SubjectAsync(session, ResourceName.Gateways, secret, time.GetUtcNow());
            var found = Usable(await GatewayStore.FindAsync(session, id), id);
            await JoinTokens.SpendAsync(session, secret);
            return found;
        }, cancellationToken);
        var certificate = await identities.IssueAsync(gateway.IdentityUri, key, gateway.Name, cancellationToken);
        // The token was for what the gateway was then: one that was disabled, or made anew with another role, since gets nothing from it.
        return await RecordAsync("gateway.enroll", gateway.Id, certificate, found => found.Version == gateway.Version
            ? found.Identity.Enrol(IdentitySerial.Canonical(certificate.Serial.Bytes.Span), certificate.NotAfter, time.GetUtcNow())
            : throw new RefusalException(RefusalReason.Conflict, $"gateway '{found.Id}' was changed while it enrolled; it needs a new token"), cancellationToken);
    }

    /// <summary>A new identity for the caller; the one it calls with works on until it expires.</summary>
    public async Task<GatewayIdentity> RenewAsync(string id, string usedSerial, ReadOnlyMemory<byte> csrDer, CancellationToken cancellationToken)
    {
        var key = IdentityRequest.KeyOf(csrDer);
        var gateway = await CurrentAsync(id, cancellationToken);
        var certificate = await identities.IssueAsync(gateway.IdentityUri, key, gateway.Name, cancellationToken);
        return await RecordAsync("gateway.renewIdentity", id, certificate, found => found.Identity.Accepts(usedSerial)
            ? found.Identity.Renew(usedSerial, IdentitySerial.Canonical(certificate.Serial.Bytes.Span), certificate.NotAfter)
            : throw new RefusalException(RefusalReason.Unauthenticated, $"gateway '{id}' was enrolled anew in the meantime"), cancellationToken);
    }

    /// <summary>A public TLS certificate for the caller; its names come from the gateway's resource alone.</summary>
    public async Task<IReadOnlyList<byte[]>> IssueTlsAsync(string id, ReadOnlyMemory<byte> csrDer, CancellationToken cancellationToken)
    {
        var key = IdentityRequest.KeyOf(csrDer);
        var gateway = await CurrentAsync(id, cancellationToken);
        return await tlsIssuer.IssueAsync(id, gateway.TlsNames, key, async session => Usable(await GatewayStore.FindAsync(session, id), id), cancellationToken);
    }

    private async Task<GatewayIdentity> RecordAsync(
        string action, string id, IdentityCertificate certificate,
        Func<GatewayRecord, EnrolledIdentity> change, CancellationToken cancellationToken)
    {
        var recorded = await store.ActAsync(async session =>
        {
            var now = time.GetUtcNow();
            var old = Usable(await GatewayStore.FindAsync(session, id), id);
            var next = old with { Identity = change(old), Version = old.Version + 1 };
            if (!await GatewayStore.ReplaceAsync(session, old, next))
                throw new RefusalException(RefusalReason.Conflict, $"gateway '{id}' was changed in the meantime");
            await Generation.BumpAsync(session);
            return new Acted<GatewayRecord>(next, new AuditEvent(now, action, next.Name, next.Name,
                [new("serial", certificate.Serial.Hex), new("notAfter", certificate.NotAfter.ToString("O"))]));
        }, cancellationToken);
        return new GatewayIdentity(recorded, certificate.Der, await identities.RootsAsync(cancellationToken));
    }

    private async ValueTask<GatewayRecord> CurrentAsync(string id, CancellationToken cancellationToken) =>
        Usable((await book.CurrentAsync(cancellationToken)).ById.GetValueOrDefault(id), id);

    private static GatewayRecord Usable(GatewayRecord? gateway, string id)
    {
        if (gateway is null) throw new RefusalException(RefusalReason.NotFound, $"there is no gateway '{id}'");
        return gateway.Disabled ? throw new RefusalException(RefusalReason.PermissionDenied, $"gateway '{id}' is disabled") : gateway;
    }
}

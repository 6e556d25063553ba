using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Operators;

/// <summary>An operator with the identity it was just given.</summary>
internal sealed record OperatorIdentity(OperatorRecord Operator, byte[] CertificateDer, IReadOnlyList<byte[]> IdentityRoots);

/// <summary>How an operator gets its identity: first by a login token, afterwards by the identity it has.</summary>
internal sealed class OperatorEnrollment(IStore store, IdentityAuthority identities, OperatorBook book, TimeProvider time)
{
    /// <summary>Exchanges a secret for an identity; the secret is spent before anything is signed.</summary>
    public async Task<OperatorIdentity> EnrollAsync(string secret, ReadOnlyMemory<byte> csrDer, CancellationToken cancellationToken)
    {
        // Strangers may call: without a token that is known they cost one indexed read, no parsing and no write.
        await store.ReadAsync(session => JoinTokens.SubjectAsync(session, ResourceName.Operators, secret, time.GetUtcNow()), cancellationToken);
        var key = IdentityRequest.KeyOf(csrDer);
        var record = await store.WriteAsync(async session =>
        {
            var id = await JoinTokens.SubjectAsync(session, ResourceName.Operators, secret, time.GetUtcNow());
            var found = Usable(await OperatorStore.FindAsync(session, id), id);
            await JoinTokens.SpendAsync(session, secret);
            return found;
        }, cancellationToken);
        var certificate = await identities.IssueAsync(record.IdentityUri, key, record.Name, cancellationToken);
        // The token was for what the operator was then: one that was disabled, or made anew with another role, since gets nothing from it.
        return await RecordAsync("operator.enroll", record.Id, certificate, found => found.Version == record.Version
            ? found.Identity.Enrol(IdentitySerial.Canonical(certificate.Serial.Bytes.Span), certificate.NotAfter, time.GetUtcNow())
            : throw new RefusalException(RefusalReason.Conflict, $"operator '{found.Id}' was changed while it enrolled; it needs a new token"), cancellationToken);
    }

    /// <summary>A new identity for the caller; the one it calls with works on until it expires.</summary>
    public async Task<OperatorIdentity> RenewAsync(string id, string usedSerial, ReadOnlyMemory<byte> csrDer, CancellationToken cancellationToken)
    {
        var key = IdentityRequest.KeyOf(csrDer);
        var record = Usable((await book.CurrentAsync(cancellationToken)).ById.GetValueOrDefault(id), id);
        var certificate = await identities.IssueAsync(record.IdentityUri, key, record.Name, cancellationToken);
        return await RecordAsync("operator.renewIdentity", id, certificate, found => found.Identity.Accepts(usedSerial)
            ? found.Identity.Renew(usedSerial, IdentitySerial.Canonical(certificate.Serial.Bytes.Span), certificate.NotAfter)
            : throw new RefusalException(RefusalReason.Unauthenticated, $"operator '{id}' was enrolled anew in the meantime"), cancellationToken);
    }

    private async Task<OperatorIdentity> RecordAsync(
        string action, string id, IdentityCertificate certificate,
        Func<OperatorRecord, EnrolledIdentity> change, CancellationToken cancellationToken)
    {
        var recorded = await store.ActAsync(async session =>
        {
            var now = time.GetUtcNow();
            var old = Usable(await OperatorStore.FindAsync(session, id), id);
            var next = old with { Identity = change(old), Version = old.Version + 1 };
            if (!await OperatorStore.ReplaceAsync(session, old, next))
                throw new RefusalException(RefusalReason.Conflict, $"operator '{id}' was changed in the meantime");
            await Generation.BumpAsync(session);
            return new Acted<OperatorRecord>(next, new AuditEvent(now, action, next.Name, next.Name,
                [new("serial", certificate.Serial.Hex), new("notAfter", certificate.NotAfter.ToString("O"))]));
        }, cancellationToken);
        return new OperatorIdentity(recorded, certificate.Der, await identities.RootsAsync(cancellationToken));
    }

    private static OperatorRecord Usable(OperatorRecord? record, string id)
    {
        if (record is null) throw new RefusalException(RefusalReason.NotFound, $"there is no operator '{id}'");
        return record.Disabled ? throw new RefusalException(RefusalReason.PermissionDenied, $"operator '{id}' is disabled") : record;
    }
}

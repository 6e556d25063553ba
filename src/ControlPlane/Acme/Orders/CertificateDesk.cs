using System.Security.Cryptography;
using System.Text.Json;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Revocation;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>A chain, and the ids of the others; the empty id is the issuer's own.</summary>
internal sealed record DownloadedChain(string Pem, IReadOnlyList<string> Others);

/// <summary>Hands certificates out (RFC 8555 §7.4.2) and takes revocations (§7.6).</summary>
internal sealed class CertificateDesk(IStore store, AuthorityBook authorities, Revoker revoker, TimeProvider time)
{
    /// <summary>certificate/{id} and certificate/{id}/{chain}: leaf first, then issuers without the root, PEM; and the chains it has beside this one.</summary>
    /// <param name="request">Who asks.</param>
    /// <param name="certificateId">The serial number.</param>
    /// <param name="chainId">Of a further chain; empty for the issuer's own.</param>
    /// <param name="cancellationToken">The call's.</param>
    public async Task<DownloadedChain> DownloadAsync(VerifiedRequest request, string certificateId, string chainId, CancellationToken cancellationToken)
    {
        request.RequirePostAsGet();
        if (!SerialNumber.TryParseHex(certificateId, out var serial)) throw NoSuch();
        var certificate = await CertificateStore.FindAsync(store, serial, cancellationToken);
        if (certificate is null || certificate.ProvisionerId != request.Context.Provisioner) throw NoSuch();
        if (certificate.AccountId != request.Account!.AccountId)
            throw new RefusalException(RefusalReason.Unauthorized, "the certificate is another account's");
        var issuer = (await authorities.CurrentAsync(cancellationToken)).FindIssuer(certificate.Issuer)
            ?? throw new InvalidOperationException($"{certificate.Issuer} of certificate {serial.Hex} is not in the store");
        var chain = chainId.Length == 0 ? null : issuer.Chains.FirstOrDefault(c => c.Id == chainId) ?? throw NoSuch();
        var others = issuer.Chains.Select(c => c.Id).Prepend("").Where(id => id != chainId);
        return new DownloadedChain(Pem.Encode("CERTIFICATE", certificate.Der) + Pem.Encode("CERTIFICATE", chain?.Der ?? issuer.Der), [.. others]);
    }

    /// <summary>revoke-cert, signed by the account (kid) or by the certificate's key (jwk).</summary>
    public async Task RevokeAsync(VerifiedRequest request, CancellationToken cancellationToken)
    {
        var payload = request.RequireObject();
        var der = CsrPayload.ReadDer(payload, "certificate", RefusalReason.Malformed);
        var reason = ReadReason(payload);
        var certificate = await FindIssuedAsync(der, cancellationToken);
        var byKey = request.Account is null;
        if (byKey) CheckKey(request, certificate);
        else await CheckAccountAsync(request, certificate, cancellationToken);
        var actor = byKey ? $"{certificate.Name}/key" : $"accounts/{request.Account!.AccountId}";
        try
        {
            // R3: only who holds the key proves that it is out; then the key is blocked for everybody.
            var revoked = await revoker.RevokeAsync(certificate.Serial, reason, blockKey: byKey, actor, cancellationToken);
            // The block is committed; about the certificate RFC 8555 §7.6 wants this answer all the same.
            if (revoked.WasRevoked) throw Revoker.AlreadyRevoked(revoked.Certificate);
        }
        catch (RefusalException refusal) when (refusal.Reason is RefusalReason.NotFound or RefusalReason.FailedPrecondition)
        {
            throw new RefusalException(RefusalReason.Malformed, refusal.Detail);
        }
    }

    private async Task<CertificateRecord> FindIssuedAsync(byte[] der, CancellationToken cancellationToken)
    {
        if (!CertificateBytes.TryReadSerial(der, out var serial))
            throw new RefusalException(RefusalReason.Malformed, "certificate is not a DER certificate");
        var certificate = await CertificateStore.FindAsync(store, serial, cancellationToken);
        // The exact bytes: a certificate of another CA with the same serial is not ours.
        if (certificate is null || !certificate.Der.AsSpan().SequenceEqual(der))
            throw new RefusalException(RefusalReason.AcmeNotFound, "the certificate was not issued here");
        return certificate;
    }

    private static void CheckKey(VerifiedRequest request, CertificateRecord certificate)
    {
        if (!CryptographicOperations.FixedTimeEquals(request.Jwk!.PublicKey.Sha256, certificate.KeySha256))
            throw new RefusalException(RefusalReason.Unauthorized, "the request is not signed with the certificate's key");
    }

    // R1: the issuing account, or one with valid authorizations for all the names (all() of nothing is a no).
    private async Task CheckAccountAsync(VerifiedRequest request, CertificateRecord certificate, CancellationToken cancellationToken)
    {
        var accountId = request.Account!.AccountId;
        if (certificate.AccountId == accountId) return;
        var now = time.GetUtcNow();
        var missing = await store.ReadAsync(async session =>
        {
            foreach (var name in certificate.Identifiers)
            {
                var key = AuthorizationStore.KeyOf(name.WithoutWildcard, name.IsWildcard);
                var held = await AuthorizationStore.ListUnexpiredAsync(session, accountId, key, now);
                if (!held.Exists(a => a.StatusAt(now) == AuthorizationStatus.Valid)) return name;
            }
            return null;
        }, cancellationToken);
        if (certificate.Identifiers.Length == 0 || missing is not null)
            throw new RefusalException(RefusalReason.Unauthorized, $"the account did not issue this certificate and holds no valid authorization for {missing?.ToString() ?? "its names"}");
    }

    private static RevocationReason ReadReason(JsonPayload payload)
    {
        if (payload.Find("reason") is not { } value) return RevocationReason.Unspecified;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? RevocationReasons.Parse(number)
            : throw new RefusalException(RefusalReason.BadRevocationReason, "reason must be one of the numbers 0, 1, 3, 4, 5 and 9");
    }

    private static RefusalException NoSuch() => new(RefusalReason.AcmeNotFound, "there is no such certificate");
}

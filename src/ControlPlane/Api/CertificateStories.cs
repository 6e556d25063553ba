using System.Formats.Asn1;
using System.Security.Cryptography;
using Google.Protobuf;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Acme.Renewals;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>Puts together what the rooms still know of how a certificate came to be.</summary>
internal static class CertificateStories
{
    private const string ClientAddress = "clientAddress";

    /// <summary>The story without its certificate.</summary>
    public static async ValueTask<CertificateStory> TellAsync(StoreSession session, CertificateRecord certificate, DateTimeOffset now)
    {
        var evidence = await CertificateStore.FindEvidenceAsync(session, certificate.Serial);
        // Without an order there was no ACME: what is kept is the credential and the certificate request.
        var acme = certificate.OrderId is not null;
        var order = certificate.OrderId is { } orderId ? await OrderStore.FindViewAsync(session, orderId, now) : null;
        var replacedBy = await RenewalStore.FindReplacementAsync(session, certificate.Serial.Hex);
        var acts = await ActsAsync(session, certificate);
        return new CertificateStory
        {
            Account = certificate.AccountId is { } id && await AccountStore.FindAsync(session, id) is { } account ? AccountMapping.ToProto(account) : null,
            Order = order is null ? null : OrderMapping.WithAttempts(order),
            Proofs = { order?.Authorizations.Select(a => Proof(a, now)) ?? [] },
            NewOrderJws = ByteString.CopyFrom(acme ? evidence?.NewOrder ?? [] : []),
            FinalizeJws = ByteString.CopyFrom(acme ? evidence?.Finalize ?? [] : []),
            Credential = ByteString.CopyFrom(acme ? [] : evidence?.NewOrder ?? []),
            CsrDer = ByteString.CopyFrom(acme ? [] : evidence?.Finalize ?? []),
            ClientAddress = acts.SelectMany(a => a.Event.Facts).FirstOrDefault(f => f.Key == ClientAddress).Value ?? "",
            Plan = await IssuancePlanStore.FindAsync(session, certificate.Serial) is { } plan ? Plan(plan) : null,
            TbsSha256 = Convert.ToHexStringLower(SHA256.HashData(ToBeSigned(certificate.Der).Span)),
            Replaces = certificate.Renews is { } renewed ? ResourceName.Of(ResourceName.Certificates, renewed.Hex)
                : order?.Order.Replaces is { } replaced ? await NamedAsync(session, replaced) : "",
            // An order until its certificate is there.
            ReplacedBy = replacedBy is null || replacedBy.Contains('/', StringComparison.Ordinal) ? replacedBy ?? "" : ResourceName.Of(ResourceName.Orders, replacedBy),
            AuditEvents = { acts.Select(AuditMapping.ToProto) },
        };
    }

    private static async ValueTask<List<AuditEntry>> ActsAsync(StoreSession session, CertificateRecord certificate)
    {
        var acts = new List<AuditEntry>(await AuditLog.NearAsync(session, certificate.CreatedAt, certificate.Name));
        if (certificate.RevokedAt is { } revokedAt) acts.AddRange(await AuditLog.NearAsync(session, revokedAt, certificate.Name));
        return [.. acts.DistinctBy(a => a.Id)];
    }

    private static CertificateStory.Types.Proof Proof(Authorization authorization, DateTimeOffset now)
    {
        var met = authorization.Challenges.FirstOrDefault(c => c.ValidatedAt is not null);
        return new()
        {
            Identifier = authorization.Identifier.ToString(),
            Wildcard = authorization.Wildcard,
            State = authorization.StatusAt(now).ToString().ToLowerInvariant(),
            ChallengeType = met?.Type ?? "",
            ValidateTime = Wire.Time(met?.ValidatedAt),
            Replica = met?.StartedBy ?? "",
            ExpireTime = Wire.Time(authorization.ExpiresAt),
        };
    }

    private static CertificateStory.Types.SigningPlan Plan(IssuancePlan plan) => new()
    {
        Permit = plan.Kind,
        Role = plan.Role,
        Purpose = plan.Purpose,
        Issuer = plan.Issuer,
        Replica = plan.ReplicaId,
        Outcome = plan.Outcome,
        CreateTime = Wire.Time(plan.CreatedAt),
        CloseTime = Wire.Time(plan.ClosedAt),
        TbsSha256 = Convert.ToHexStringLower(plan.TbsSha256),
    };

    // The client names it by RFC 9773's id, of which the second half is the serial.
    private static async ValueTask<string> NamedAsync(StoreSession session, string certificateId) =>
        await CertificateStore.FindAsync(session, CertificateId.Parse(certificateId).Serial) is { } known ? known.Name : certificateId;

    private static ReadOnlyMemory<byte> ToBeSigned(byte[] der) => new AsnReader(der, AsnEncodingRules.DER).ReadSequence().PeekEncodedValue();
}

using Google.Protobuf;
using GrpcCa.ControlPlane.CertificateRequests;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.Protocol;
using GrpcCa.V1;
using RevocationReason = GrpcCa.ControlPlane.Pki.RevocationReason;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Certificates between the wire and the room.</summary>
internal static class CertificateMapping
{
    /// <summary>Everything but the bytes, as lists show it.</summary>
    public static Certificate ToProto(CertificateRecord certificate, DateTimeOffset now) => new()
    {
        Name = certificate.Name,
        Identifiers = { certificate.Identifiers.Select(i => i.ToString()) },
        State = StateOf(certificate, now),
        StartTime = Wire.Time(certificate.NotBefore),
        ExpireTime = Wire.Time(certificate.NotAfter),
        CreateTime = Wire.Time(certificate.CreatedAt),
        RevokeTime = Wire.Time(certificate.RevokedAt),
        RevocationReason = certificate.RevocationReason is { } reason ? (V1.RevocationReason)((int)reason + 1) : V1.RevocationReason.Unspecified,
        InvalidityTime = Wire.Time(certificate.InvalidSince),
        Issuer = certificate.Issuer,
        Provisioner = Named(ResourceName.Provisioners, certificate.ProvisionerId),
        Account = Named(ResourceName.Accounts, certificate.AccountId),
        Order = Named(ResourceName.Orders, certificate.OrderId),
        Profile = Named(ResourceName.Profiles, certificate.ProfileId),
        Gateway = Named(ResourceName.Gateways, certificate.GatewayId),
        PublicKeySha256 = Convert.ToHexStringLower(certificate.KeySha256),
        KeyType = certificate.KeyType,
        Requester = certificate.Requester ?? "",
        Renews = Named(ResourceName.Certificates, certificate.Renews?.Hex),
        RenewedThrough = Named(ResourceName.Provisioners, certificate.RenewedThrough),
    };

    /// <summary>What has left the store; null while nothing has.</summary>
    public static DepartedCertificates? ToProto(Departures departures) => departures.EndedUntil is not { } until ? null : new()
    {
        EndedUntil = Wire.Time(until),
        ArchivedCount = departures.Archived,
        DeletedCount = departures.Deleted,
    };

    /// <summary>As it would be: there is no serial number and nothing is signed.</summary>
    public static Certificate ToProto(CertificatePreview preview) => new()
    {
        Identifiers = { preview.Wish.Names.Select(n => n.ToString()) },
        StartTime = Wire.Time(preview.Period.NotBefore),
        ExpireTime = Wire.Time(preview.Period.NotAfter),
        Issuer = preview.Context.Issuer.Name,
        Provisioner = Named(ResourceName.Provisioners, preview.Wish.Asker.OriginProvisionerId ?? preview.Context.Provisioner.Id),
        Profile = preview.Context.Profile.Name,
        Account = Named(ResourceName.Accounts, preview.Wish.Asker.Account?.AccountId),
        PublicKeySha256 = preview.Wish.Key.Sha256Hex,
        KeyType = preview.Wish.Key.TypeText,
        Requester = preview.Wish.Renews is { } old ? old.Requester ?? "" : preview.Wish.Actor,
        Renews = preview.Wish.Renews?.Name ?? "",
        RenewedThrough = preview.Wish.Renews is null ? "" : preview.Context.Provisioner.Name,
    };

    /// <summary>With the bytes and the chain.</summary>
    public static Certificate ToProto(CertificateRecord certificate, byte[]? issuerDer, DateTimeOffset now)
    {
        var full = ToProto(certificate, now);
        full.Der = ByteString.CopyFrom(certificate.Der);
        full.PemChain = Pki.Pem.EncodeCertificates(issuerDer is null ? [certificate.Der] : [certificate.Der, issuerDer]);
        return full;
    }

    /// <summary>RFC 5280's number is the wire's less one; not said is unspecified.</summary>
    public static RevocationReason ToReason(V1.RevocationReason reason) =>
        reason == V1.RevocationReason.Unspecified ? RevocationReason.Unspecified : (RevocationReason)((int)reason - 1);

    private static Certificate.Types.State StateOf(CertificateRecord certificate, DateTimeOffset now)
    {
        if (certificate.RevokedAt is not null) return Certificate.Types.State.Revoked;
        return certificate.NotAfter < now ? Certificate.Types.State.Expired : Certificate.Types.State.Valid;
    }

    private static string Named(string collection, string? id) => id is null ? "" : ResourceName.Of(collection, id);
}

using System.Collections.Immutable;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Policy;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>
/// Issues a gateway's own public TLS certificate, so that it is there before the first client connects. The policy is
/// of its own: the names of the Gateway resource, which an operator wrote, and nothing else.
/// </summary>
internal sealed class GatewayTlsIssuer(IStore store, AuthorityBook book, IssuanceCorridor corridor, TimeProvider time)
{
    // RFC 5280 lifetimes are ours to choose: seven days outlive a weekend without the control plane.
    private static readonly ProfileRecord Profile = new() { Id = "gateway", Lifetime = TimeSpan.FromDays(7), ExtendedKeyUsages = ["serverAuth"] };

    /// <summary>Leaf first, then the issuer, DER.</summary>
    /// <exception cref="RefusalException">BadPublicKey (blocked), FailedPrecondition (no active issuer, names outside its constraints).</exception>
    /// <param name="gatewayId">Whose certificate.</param>
    /// <param name="names">From the gateway's resource.</param>
    /// <param name="key">From its request.</param>
    /// <param name="check">Refuses a gateway that was disabled in the meantime; runs in the plan's transaction and in the last one.</param>
    /// <param name="cancellationToken">Gives up before the plan is recorded.</param>
    public async Task<IReadOnlyList<byte[]>> IssueAsync(
        string gatewayId, ImmutableArray<Identifier> names, PublicKey key, Func<StoreSession, ValueTask> check, CancellationToken cancellationToken)
    {
        var hierarchy = await book.CurrentAsync(cancellationToken);
        var authority = hierarchy.Active(AuthorityPurpose.Issuing)
            ?? throw new RefusalException(RefusalReason.FailedPrecondition, "there is no active issuing authority");
        var issuer = hierarchy.ActiveIssuer(authority.Id)
            ?? throw new RefusalException(RefusalReason.FailedPrecondition, $"{authority.Name} has no active issuer");
        foreach (var name in names)
        {
            if (!NameGate.InsideConstraints(authority.Constraints, name))
                throw new RefusalException(RefusalReason.FailedPrecondition,
                    $"{name} of gateways/{gatewayId} is outside the name constraints of {authority.Name} ({string.Join(", ", authority.PermittedNames)})");
            if (authority.ConstraintFault(issuer, name) is { } fault)
                throw new RefusalException(RefusalReason.FailedPrecondition, $"{name} of gateways/{gatewayId} is outside the name constraints in the certificates of {authority.Name}: {fault}");
        }
        if (await store.ReadAsync(s => CertificateStore.IsKeyBlockedAsync(s, key.Sha256), cancellationToken))
            throw new RefusalException(RefusalReason.BadPublicKey, "the key was reported as compromised and is blocked; make a new one");

        var (notBefore, notAfter) = LeafPolicy.Validity(LeafTerms.Of(Profile), time.GetUtcNow(), issuer.Validity, null, null);
        var pointers = RevocationPointers.Below(authority, issuer);
        var spec = new CertificateSpec
        {
            Role = CertificateRole.GatewayTls,
            Issuer = new IssuerKey(issuer.Name, issuer.Key, issuer.Der) { AboveDer = [authority.RootDer] },
            Names = names,
            Key = key,
            NotBefore = notBefore,
            NotAfter = notAfter,
            ExtendedKeyUsages = Profile.ExtendedKeyUsages,
            CrlUrl = pointers.CrlUrl,
            IssuerUrl = pointers.IssuerUrl,
        };
        var actor = $"gateways/{gatewayId}";
        var issued = await corridor.IssueAsync(new SigningPermit(PermitKind.Leaf, issuer.Key), spec, new IssuanceContext
        {
            Actor = actor,
            Purpose = actor,
            OnPlanned = (session, _) => check(session),
            OnIssued = async (session, certificate) =>
            {
                await check(session);
                return await RecordAsync(session, gatewayId, certificate);
            },
        }, cancellationToken);
        return [issued.Der, issuer.Der];
    }

    private async ValueTask<AuditEvent> RecordAsync(StoreSession session, string gatewayId, IssuedCertificate issued)
    {
        var now = time.GetUtcNow();
        var certificate = new CertificateRecord
        {
            Serial = issued.Serial,
            Der = issued.Der,
            Issuer = issued.Spec.Issuer.Name,
            GatewayId = gatewayId,
            Identifiers = issued.Spec.Names,
            KeyType = issued.Spec.Key.TypeText,
            KeySha256 = issued.Spec.Key.Sha256,
            NotBefore = issued.Spec.NotBefore,
            NotAfter = issued.Spec.NotAfter,
            CreatedAt = now,
        };
        await CertificateStore.InsertAsync(session, certificate, new CertificateEvidence(null, null));
        return new AuditEvent(now, "certificate.issue", $"gateways/{gatewayId}", certificate.Name,
        [
            new("identifiers", string.Join(' ', certificate.Identifiers)),
            new("issuer", certificate.Issuer),
            new("keySha256", issued.Spec.Key.Sha256Hex),
            new("notAfter", certificate.NotAfter.ToString("O")),
        ]);
    }
}

using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Credentials;
using GrpcCa.ControlPlane.Operators;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.CertificateRequests;

/// <summary>Makes a wish of a request: who asks is known then, and that they may ask for this at all.</summary>
internal sealed class WishReader(
    IStore store, ProvisionerBook provisioners, CredentialDesk credentials, OperatorBook operators, IAccountDirectory accounts, TimeProvider time)
{
    private const string RenewMethod = "grpcca.v1.CertificateService/RenewCertificate", RekeyMethod = "grpcca.v1.CertificateService/RekeyCertificate";

    /// <summary>A certificate by a CSR and a credential, or by an operator.</summary>
    /// <exception cref="RefusalException">Unauthenticated, BadCsr, PermissionDenied, NotFound.</exception>
    public async ValueTask<CertificateWish> ReadAsync(CertificateApplication order, CancellationToken cancellationToken)
    {
        var provisioner = await FindAsync(order.ProvisionerId, cancellationToken);
        var csr = CertificateSigningRequest.Parse(order.Csr);
        if (csr.Names.Length > TokenClaims.MostNames) throw new RefusalException(RefusalReason.BadCsr, $"the CSR has {csr.Names.Length} names; {TokenClaims.MostNames} are the most");
        if (order.Credential is not { } shown) return OfOperator(order, provisioner, csr);
        // Before the credential: for one that is disabled no provider is asked for keys.
        LeafContexts.CheckEnabled(provisioner);
        var credential = await credentials.VerifyAsync(provisioner, shown.Kind, shown.Text, cancellationToken);
        CheckNames(csr.Names, credential);
        if (credential.Profile is { } signed && order.ProfileId is { } asked && asked != signed)
            throw new RefusalException(RefusalReason.PermissionDenied, $"the token is for the profile {Excerpt.Of(signed)}, not for {Excerpt.Of(asked)}");
        return new CertificateWish
        {
            Asker = new LeafAsker(provisioner.Id, credential.Profile ?? order.ProfileId),
            Actor = credential.Actor,
            Key = csr.Key,
            Names = csr.Names,
            NotBefore = order.NotBefore,
            NotAfter = order.NotAfter,
            Use = credential.Use,
            Evidence = credential.Evidence,
            Csr = order.Csr,
        };
    }

    /// <summary>The renewal of a certificate by possession of its key: the same names; with a CSR a new key.</summary>
    /// <param name="serial">Which certificate.</param>
    /// <param name="proof">The signed message.</param>
    /// <param name="csr">DER, for a new key; null keeps it.</param>
    /// <param name="provisionerId">Through which provisioner; null takes the only one that renews such certificates.</param>
    /// <param name="cancellationToken">The call's.</param>
    /// <exception cref="RefusalException">Unauthenticated, FailedPrecondition, PermissionDenied, BadCsr.</exception>
    public async ValueTask<CertificateWish> ReadRenewalAsync(SerialNumber serial, string proof, byte[]? csr, string? provisionerId, CancellationToken cancellationToken)
    {
        var old = await store.ReadAsync(session => CertificateStore.FindAsync(session, serial), cancellationToken)
            ?? throw new RefusalException(RefusalReason.NotFound, $"no certificate with serial {serial.Hex} was issued here");
        var origin = old.ProvisionerId
            ?? throw new RefusalException(RefusalReason.FailedPrecondition, $"{old.Name} is a gateway's own; its gateway renews it");
        var provisioner = await RenewerAsync(origin, provisionerId, cancellationToken);
        // Before anything is said about the certificate: only who holds its key hears more.
        var credential = PossessionProof.Verify(proof, old, csr is null ? RenewMethod : RekeyMethod, csr, provisioner.Renewal!.Terms, time.GetUtcNow());
        if (old.RevokedAt is { } revoked) throw new RefusalException(RefusalReason.FailedPrecondition, $"{old.Name} was revoked at {revoked:yyyy-MM-ddTHH:mm:ssZ}; a new certificate has to be asked for anew");
        if (old.NotAfter < time.GetUtcNow()) throw new RefusalException(RefusalReason.FailedPrecondition, $"{old.Name} expired at {old.NotAfter:yyyy-MM-ddTHH:mm:ssZ}; a new certificate has to be asked for anew");
        var (account, levels) = await AskersOfAsync(old, origin, cancellationToken);
        return new CertificateWish
        {
            Asker = new LeafAsker(provisioner.Id, old.ProfileId is { } profile && provisioner.Offers(profile) ? profile : null) { Account = account, Levels = levels, OriginProvisionerId = origin, RenewedIssuedAt = old.CreatedAt },
            Actor = credential.Actor,
            Key = csr is null ? CertificateBytes.ReadKey(old.Der) : NewKey(csr, old),
            Names = old.Identifiers,
            Use = credential.Use,
            Renews = old,
            Evidence = credential.Evidence,
            Csr = csr,
        };
    }

    private static CertificateWish OfOperator(CertificateApplication order, ProvisionerRecord provisioner, CertificateSigningRequest csr)
    {
        if (order.OperatorActor is not { } actor)
            throw new RefusalException(RefusalReason.Unauthenticated, $"{provisioner.Name} wants a credential: a token, or the client certificate of an issuer, operator or owner");
        if (provisioner.Kind == ProvisionerKind.Renewal)
            throw new RefusalException(RefusalReason.FailedPrecondition, $"{provisioner.Name} only renews: see RenewCertificate");
        return new CertificateWish
        {
            Asker = new LeafAsker(provisioner.Id, order.ProfileId) { Levels = LevelsOf(actor) },
            Actor = actor,
            Key = csr.Key,
            Names = csr.Names,
            NotBefore = order.NotBefore,
            NotAfter = order.NotAfter,
            Csr = order.Csr,
        };
    }

    private static void CheckNames(ImmutableArray<Identifier> wanted, VerifiedCredential credential)
    {
        if (credential.AnyName) return;
        var extra = wanted.Except(credential.Names).ToList();
        if (extra.Count > 0)
            throw new RefusalException(RefusalReason.PermissionDenied, $"the CSR has {string.Join(", ", extra)}; the token is good for {string.Join(", ", credential.Names)}");
        if (credential.AllNames && credential.Names.Except(wanted).ToList() is { Count: > 0 } missing)
            throw new RefusalException(RefusalReason.BadCsr, $"the CSR lacks {string.Join(", ", missing)}, which the token names");
    }

    private static PublicKey NewKey(byte[] der, CertificateRecord old)
    {
        var csr = CertificateSigningRequest.Parse(der);
        if (!csr.Names.ToHashSet().SetEquals(old.Identifiers))
            throw new RefusalException(RefusalReason.BadCsr, $"the CSR is for {string.Join(", ", csr.Names)}; {old.Name} is for {string.Join(", ", old.Identifiers)}");
        return csr.Key.Sha256.AsSpan().SequenceEqual(old.KeySha256)
            ? throw new RefusalException(RefusalReason.BadCsr, $"the CSR has the key of {old.Name}; a new key needs to be new")
            : csr.Key;
    }

    // DESIGN §8 at every renewal: whoever first asked may still ask, and their rules still hold.
    private async ValueTask<(AccountKey? Account, ImmutableArray<string> Levels)> AskersOfAsync(CertificateRecord old, string origin, CancellationToken cancellationToken)
    {
        if (old.Requester is { } requester && LevelsOf(requester) is [var level])
        {
            var known = (await operators.CurrentAsync(cancellationToken)).ById;
            if (!ResourceName.TryParse(level, ResourceName.Operators, out var id) || !known.TryGetValue(id, out var found) || found.Disabled || found.Role == OperatorRole.Auditor
                || (!found.ProvisionerIds.IsEmpty && !found.ProvisionerIds.Contains(origin, StringComparer.Ordinal)))
                throw new RefusalException(RefusalReason.PermissionDenied, $"{level}, who asked for {old.Name}, may issue no more");
            return (null, [level]);
        }
        if (old.AccountId is not { } accountId) return (null, []);
        var account = await accounts.FindAsync(accountId, cancellationToken);
        return account is { Status: AccountStatus.Valid }
            ? (account, [])
            : throw new RefusalException(RefusalReason.PermissionDenied, $"accounts/{accountId}, which asked for {old.Name}, is not valid any more");
    }

    private static ImmutableArray<string> LevelsOf(string actor) => ResourceName.TryParse(actor, ResourceName.Operators, out _) ? [actor] : [];

    private async ValueTask<ProvisionerRecord> FindAsync(string id, CancellationToken cancellationToken) =>
        (await provisioners.CurrentAsync(cancellationToken)).GetValueOrDefault(id)
        ?? throw new RefusalException(RefusalReason.NotFound, $"there is no provisioner {Excerpt.Of(id)}") { Field = "provisioner" };

    private async ValueTask<ProvisionerRecord> RenewerAsync(string origin, string? id, CancellationToken cancellationToken)
    {
        if (id is not null)
        {
            var named = await FindAsync(id, cancellationToken);
            return named.Kind == ProvisionerKind.Renewal && named.Renewal!.Provisioners.Contains(origin)
                ? named
                : throw new RefusalException(RefusalReason.PermissionDenied, $"{named.Name} renews no certificates of provisioners/{origin}") { Field = "provisioner" };
        }
        var all = (await provisioners.CurrentAsync(cancellationToken)).Values
            .Where(p => p is { Kind: ProvisionerKind.Renewal, Disabled: false } && p.Renewal!.Provisioners.Contains(origin)).OrderBy(p => p.Id, StringComparer.Ordinal).ToList();
        return all switch
        {
            [var one] => one,
            [] => throw new RefusalException(RefusalReason.FailedPrecondition, $"no provisioner of the kind renewal renews certificates of provisioners/{origin}; an operator can make one"),
            _ => throw new RefusalException(RefusalReason.InvalidArgument, $"several provisioners renew certificates of provisioners/{origin}: {string.Join(", ", all.Select(p => p.Name))}; name one") { Field = "provisioner" },
        };
    }
}

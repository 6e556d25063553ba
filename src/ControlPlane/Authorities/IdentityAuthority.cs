using System.Collections.Immutable;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>An mTLS identity that was issued.</summary>
internal sealed record IdentityCertificate(byte[] Der, DateTimeOffset NotAfter, SerialNumber Serial);

/// <summary>Lifetimes of identities.</summary>
internal sealed record IdentityOptions
{
    /// <summary>Of gateways, operators and the control plane's own endpoint; default 7 d. Renewed at two thirds.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>For clocks that run late; default 5 min.</summary>
    public TimeSpan Backdate { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>
/// The authority of mTLS identities. It issues nothing that ACME asks for, and nothing that ACME issues is below it:
/// a certificate got by ACME can never authenticate to the API.
/// </summary>
internal sealed class IdentityAuthority(AuthorityBook book, IssuanceCorridor corridor, IdentityOptions options, TimeProvider time)
{
    /// <summary>A client identity for <c>grpcca://gateway/…</c> or <c>grpcca://operator/…</c>.</summary>
    public Task<IdentityCertificate> IssueAsync(string uri, PublicKey key, string actor, CancellationToken cancellationToken) =>
        IssueAsync(CertificateRole.IdentityLeaf, uri, [], ["clientAuth"], key, actor, Urgency.Ordinary, cancellationToken);

    /// <summary>
    /// The identity of the control plane's own endpoint, which clients know by its URI. Also on a full disk: without it nobody could
    /// ask for a revocation.
    /// </summary>
    public Task<IdentityCertificate> IssueServerAsync(ImmutableArray<Identifier> names, PublicKey key, CancellationToken cancellationToken) =>
        IssueAsync(CertificateRole.ServerIdentity, "grpcca://control-plane", names, ["serverAuth"], key, "system", Urgency.Urgent, cancellationToken);

    /// <summary>The roots to trust now: during a rotation the next and the last as well.</summary>
    public async ValueTask<IReadOnlyList<byte[]>> RootsAsync(CancellationToken cancellationToken) =>
        [.. (await book.CurrentAsync(cancellationToken)).Of(AuthorityPurpose.Identity).Where(a => a.IsTrusted)
            .OrderBy(a => a.State == KeyState.Active ? 0 : 1).Select(a => a.RootDer)];

    private async Task<IdentityCertificate> IssueAsync(
        CertificateRole role, string uri, ImmutableArray<Identifier> names, ImmutableArray<string> usages, PublicKey key, string actor, Urgency urgency, CancellationToken cancellationToken)
    {
        var authority = (await book.CurrentAsync(cancellationToken)).Active(AuthorityPurpose.Identity)
            ?? throw new InvalidOperationException("there is no active identity authority");
        var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var (notBefore, notAfter) = authority.RootValidity.Clamp(now - options.Backdate, now + options.Lifetime - TimeSpan.FromSeconds(1));
        var spec = new CertificateSpec
        {
            Role = role,
            Issuer = new IssuerKey(authority.Name, authority.RootKey!, authority.RootDer),
            Names = names,
            UriSan = uri,
            Key = key,
            NotBefore = notBefore,
            NotAfter = notAfter,
            ExtendedKeyUsages = usages,
        };
        var issued = await corridor.IssueAsync(new SigningPermit(PermitKind.IdentityCertificate, authority.RootKey!), spec, new IssuanceContext
        {
            Actor = actor,
            Purpose = uri,
            Urgency = urgency,
            OnIssued = async (session, certificate) =>
            {
                var moment = time.GetUtcNow();
                await AuthorityStore.InsertIdentityAsync(session, certificate.Serial.Hex, uri, certificate.Der, notAfter, moment);
                return new AuditEvent(moment, "identity.issue", actor, uri,
                    [new("serial", certificate.Serial.Hex), new("authority", authority.Name), new("notAfter", notAfter.ToString("O"))]);
            },
        }, cancellationToken);
        return new IdentityCertificate(issued.Der, notAfter, issued.Serial);
    }
}

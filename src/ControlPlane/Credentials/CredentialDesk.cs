using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>
/// Believes a credential or refuses it. A credential of one kind is only ever held against a provisioner of the one kind that
/// it belongs to.
/// </summary>
internal sealed class CredentialDesk(OidcCredentials oidc, AuthorityBook authorities, TimeProvider time)
{
    /// <exception cref="RefusalException">Unauthenticated; Unavailable when an OpenID provider cannot be asked.</exception>
    public async ValueTask<VerifiedCredential> VerifyAsync(ProvisionerRecord provisioner, CredentialKind kind, string text, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return (kind, provisioner) switch
        {
            (CredentialKind.Token, { Kind: ProvisionerKind.Token, Token: { } settings }) => VerifyToken(provisioner, settings, CompactJws.Parse(text), now),
            (CredentialKind.X5cToken, { Kind: ProvisionerKind.X5c, X5c: { } settings }) => X5cCredentials.Verify(provisioner, settings, CompactJws.Parse(text), await authorities.CurrentAsync(cancellationToken), now),
            (CredentialKind.OidcToken, { Kind: ProvisionerKind.Oidc, Oidc: { } settings }) => await oidc.VerifyAsync(provisioner, settings, CompactJws.Parse(text), now, cancellationToken),
            _ => throw new RefusalException(RefusalReason.Unauthenticated, $"{provisioner.Name} is of the kind {Word(provisioner.Kind)}; it takes no {Word(kind)}"),
        };
    }

    /// <summary>The audience of a provisioner whose terms name none.</summary>
    public static string AudienceOf(ProvisionerRecord provisioner) => "grpcca:" + provisioner.Name;

    private static VerifiedCredential VerifyToken(ProvisionerRecord provisioner, TokenSettings settings, CompactJws jws, DateTimeOffset now)
    {
        jws.RequireType("JWT", mayBeAbsent: true);
        var keyId = CompactJws.Text(jws.Header, "kid") ?? throw CompactJws.Refused("has no kid in its header");
        var key = settings.Keys.FirstOrDefault(k => k.KeyId == keyId) ?? throw CompactJws.Refused($"is signed by the key {Excerpt.Of(keyId)}, which {provisioner.Name} does not have");
        jws.Verify(JsonWebKey.FromStored(key.Jwk).PublicKey, $"the key {keyId}");
        if (CompactJws.Text(jws.Claims, "iss") != provisioner.Id) throw CompactJws.Refused($"has another iss than {provisioner.Id}");
        var until = TokenClaims.Check(jws, settings.Terms, AudienceOf(provisioner), now);
        return new(ActorOf(provisioner, keyId, jws), TokenUse.Of(until, provisioner.Name, keyId, TokenClaims.RequireId(jws)))
        {
            Names = TokenClaims.RequireNames(jws),
            AllNames = true,
            Profile = CompactJws.Text(jws.Claims, "profile"),
            Evidence = jws.SigningInput.ToArray(),
        };
    }

    /// <summary>The provisioner, who vouches, and whom it vouches for.</summary>
    internal static string ActorOf(ProvisionerRecord provisioner, string voucher, CompactJws jws) =>
        $"{provisioner.Name}/{Word(provisioner.Kind)}/{Excerpt.Of(voucher)}/{Excerpt.Of(CompactJws.Text(jws.Claims, "sub") ?? "")}";

    private static string Word(ProvisionerKind kind) => kind.ToString().ToLowerInvariant();

    private static string Word(CredentialKind kind) => kind switch
    {
        CredentialKind.Token => "token of a registered key",
        CredentialKind.OidcToken => "ID token of an OpenID provider",
        _ => "token signed by a certificate's key",
    };
}

using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>ID tokens of an OpenID provider (OpenID Connect Core §3.1.3.7), and the names that their claims are good for.</summary>
internal sealed class OidcCredentials(OidcKeys keys)
{
    private const int MostValues = 1000;
    private static readonly TimeSpan UsualLifetime = TimeSpan.FromHours(1);

    /// <exception cref="RefusalException">Unauthenticated; Unavailable when the provider cannot be asked.</exception>
    public async ValueTask<VerifiedCredential> VerifyAsync(
        ProvisionerRecord provisioner, OidcSettings settings, CompactJws jws, DateTimeOffset now, CancellationToken cancellationToken)
    {
        jws.RequireType("JWT", mayBeAbsent: true);
        if (CompactJws.Text(jws.Claims, "iss") != settings.Issuer) throw CompactJws.Refused($"has another iss than {settings.Issuer}");
        // Cheap and without the network first: a stranger's text makes nobody dial.
        var until = TokenClaims.Check(jws, settings.Terms, CredentialDesk.AudienceOf(provisioner), now, UsualLifetime);
        CheckParty(jws, settings.Terms.Audiences);
        // OpenID Connect Back-Channel Logout §2.4: what has it tells of a logout and is no ID token, though of the same key, iss and aud.
        if (jws.Claims.Has("events")) throw CompactJws.Refused("has events, which no ID token has");
        jws.Verify(await keys.FindAsync(provisioner, settings, CompactJws.Text(jws.Header, "kid"), cancellationToken), "the provider's key");
        if (CompactJws.Text(jws.Claims, "sub") is not { Length: > 0 }) throw CompactJws.Refused("has no sub");
        foreach (var group in ClaimMatch.Of(settings.RequiredClaims).GroupBy(m => m.Claim, StringComparer.Ordinal))
            if (!group.Any(m => Has(jws, m))) throw CompactJws.Refused($"lacks what {provisioner.Name} requires: {string.Join(" or ", group.Select(m => $"{m.Claim}={m.Value}"))}");
        var admin = ClaimMatch.Of(settings.Admins).Any(m => Has(jws, m));
        var names = NamesOf(jws, settings.Names);
        if (!admin && names.IsEmpty) throw CompactJws.Refused($"is good for no name: none of its claims fits {string.Join(", ", settings.Names)}");
        // The signature may have several texts; what it signs is one.
        return new(CredentialDesk.ActorOf(provisioner, settings.Issuer, jws), TokenUse.Of(until, provisioner.Name, Encoding.ASCII.GetString(jws.SigningInput.Span)))
        {
            Names = names,
            AnyName = admin,
            // Without the signature: other parties of the provider's may take the whole token.
            Evidence = jws.SigningInput.ToArray(),
        };
    }

    // OpenID Connect Core §3.1.3.7, 3 to 5: with azp, it was made for that client; without it, nobody else may be meant, too.
    private static void CheckParty(CompactJws jws, ImmutableArray<string> clients)
    {
        if (CompactJws.Text(jws.Claims, "azp") is { } party)
        {
            if (!clients.Contains(party, StringComparer.Ordinal)) throw CompactJws.Refused($"was made for the client {Excerpt.Of(party)}, not for {string.Join(" or ", clients)}");
        }
        else if (TokenClaims.Audiences(jws).Except(clients, StringComparer.Ordinal).ToList() is { Count: > 0 } others)
        {
            throw CompactJws.Refused($"is for {Excerpt.Of(string.Join(", ", others))}, too, and has no azp that says for which client it was made");
        }
    }

    private static ImmutableArray<Identifier> NamesOf(CompactJws jws, ImmutableArray<string> templates)
    {
        var names = ImmutableArray.CreateBuilder<Identifier>();
        foreach (var text in templates)
        {
            if (!NameTemplate.TryParse(text, out var template, out var fault)) throw new InvalidOperationException($"a stored template is broken: {fault}");
            names.AddRange(Values(jws, template.Claim).Select(template.Fill).OfType<Identifier>());
        }
        return [.. names.Distinct()];
    }

    private static bool Has(CompactJws jws, ClaimMatch match) => Values(jws, match.Claim).Contains(match.Value, StringComparer.Ordinal);

    /// <summary>What the claim says, as text. An address that the provider did not verify is anybody's.</summary>
    private static IEnumerable<string> Values(CompactJws jws, string claim)
    {
        if (claim == "email" && jws.Claims.Find("email_verified") is not { ValueKind: JsonValueKind.True }) return [];
        return jws.Claims.Find(claim) switch
        {
            { ValueKind: JsonValueKind.String } one => [one.GetString()!],
            { ValueKind: JsonValueKind.True } => ["true"],
            { ValueKind: JsonValueKind.False } => ["false"],
            { ValueKind: JsonValueKind.Array } several => [.. several.EnumerateArray().Take(MostValues).Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)],
            _ => [],
        };
    }
}

using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>Makes authorizations with the challenges that fit the name (RFC 8555 §7.1.3, RFC 8738).</summary>
internal static class NewAuthorization
{
    public static Authorization For(Identifier name, string accountId, ProvisionerRecord provisioner, DateTimeOffset now, DateTimeOffset expiresAt)
    {
        List<string> types = [.. provisioner.Challenges.Where(type => ChallengeTypes.Proves(type, name))];
        var ids = Ids.New(1 + 2 * types.Count);
        return new Authorization
        {
            Id = ids[0],
            AccountId = accountId,
            ProvisionerId = provisioner.Id,
            Identifier = name.WithoutWildcard,
            Wildcard = name.IsWildcard,
            // Z1a: each has a token of its own, needed or not, since clients cannot read a challenge without.
            Challenges = [.. types.Select((type, i) => new Challenge { Id = ids[1 + 2 * i], Type = type, Token = ids[2 + 2 * i] })],
            CreatedAt = now,
            ExpiresAt = expiresAt,
        };
    }
}

/// <summary>Which challenge proves which names.</summary>
internal static class ChallengeTypes
{
    public const string Http01 = "http-01";

    /// <summary>RFC 8555 §8: only control of the zone proves a wildcard.</summary>
    public static bool ProvesWildcards(string type) => type.StartsWith("dns-", StringComparison.Ordinal);

    /// <summary>RFC 8738 §7: addresses have no zone of their own to prove by.</summary>
    public static bool Proves(string type, Identifier name) => name.Type == IdentifierType.Ip
        ? !ProvesWildcards(type)
        : !name.IsWildcard || ProvesWildcards(type);
}

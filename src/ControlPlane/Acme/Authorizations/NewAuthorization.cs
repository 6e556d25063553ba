using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>Makes authorizations with the challenges that fit the name (RFC 8555 §7.1.3, RFC 8738).</summary>
internal static class NewAuthorization
{
    public static Authorization For(Identifier name, string accountId, ProvisionerRecord provisioner, DateTimeOffset now, DateTimeOffset expiresAt) => new()
    {
        Id = Ids.New(),
        AccountId = accountId,
        ProvisionerId = provisioner.Id,
        Identifier = name.WithoutWildcard,
        Wildcard = name.IsWildcard,
        Challenges = provisioner.Challenges.Where(type => ChallengeTypes.Proves(type, name))
            // Z1a: each has a token of its own, needed or not, since clients cannot read a challenge without.
            .Select(type => new Challenge { Id = Ids.New(), Type = type, Token = Ids.New() }).ToImmutableArray(),
        CreatedAt = now,
        ExpiresAt = expiresAt,
    };
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

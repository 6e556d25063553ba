using System.Collections.Frozen;
using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Policy;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.CertificateRequests;

/// <summary>The configuration that a certificate for names is held against, all of it as it is now.</summary>
internal sealed record LeafContext(long Generation, ProvisionerRecord Provisioner, LeafTerms Terms, AuthorityRecord Authority, IssuerRecord Issuer, NameFacts Names)
{
    public ProfileRecord Profile => Terms.Profile;
}

/// <summary>Whose certificate it is to be, as far as the configuration goes.</summary>
/// <param name="ProvisionerId">Through which provisioner.</param>
/// <param name="ProfileId">The profile that was asked for; null takes the provisioner's.</param>
internal sealed record LeafAsker(string ProvisionerId, string? ProfileId)
{
    /// <summary>Whose name rules hold as well; null for none's.</summary>
    public AccountKey? Account { get; init; }

    /// <summary>Further levels whose name rules hold when they are set: <c>operators/{id}</c>.</summary>
    public ImmutableArray<string> Levels { get; init; } = [];

    /// <summary>The provisioner that a renewed certificate first came from, whose allowlist holds as well; null otherwise.</summary>
    public string? OriginProvisionerId { get; init; }

    /// <summary>When the renewed certificate was issued; a provisioner made since then has only the id of the one it came from.</summary>
    public DateTimeOffset? RenewedIssuedAt { get; init; }
}

/// <summary>Collects a certificate's context from the books.</summary>
internal sealed class LeafContexts(
    IStore store, ProvisionerBook provisioners, ProfileBook profiles, AuthorityBook authorities, NameBook names, GatewayBook gateways, TimeProvider time)
{
    /// <exception cref="RefusalException">AcmeNotFound, InvalidProfile, Unauthorized (disabled), ServerInternal (a broken configuration).</exception>
    public async ValueTask<LeafContext> CurrentAsync(LeafAsker asker, CancellationToken cancellationToken)
    {
        // Read first: what is collected below is at least as fresh.
        var generation = (await CallGeneration.ReadAsync(store, cancellationToken)).Configuration;
        var known = await provisioners.CurrentAsync(cancellationToken);
        var provisioner = Enabled(known, asker.ProvisionerId);
        var origin = asker.OriginProvisionerId is { } first && first != provisioner.Id ? OriginOf(asker, Enabled(known, first), provisioner) : null;
        var hierarchy = await authorities.CurrentAsync(cancellationToken);
        var authority = hierarchy.Find(provisioner.AuthorityId)
            ?? throw new InvalidOperationException($"{provisioner.Name} names authorities/{provisioner.AuthorityId}, which does not exist");
        var issuer = hierarchy.ActiveIssuer(authority.Id)
            ?? throw new InvalidOperationException($"{authority.Name} has no active issuer");
        if (asker.ProfileId is not null && !provisioner.Offers(asker.ProfileId))
            throw new RefusalException(RefusalReason.InvalidProfile, $"{provisioner.Name} does not offer the profile {Excerpt.Of(asker.ProfileId)}{(provisioner.Kind == ProvisionerKind.Acme ? "; the directory lists those it does" : "")}");
        if (!(await profiles.CurrentAsync(cancellationToken)).TryGetValue(asker.ProfileId ?? provisioner.DefaultProfile, out var profile))
            throw new InvalidOperationException($"{provisioner.Name} names profiles/{asker.ProfileId ?? provisioner.DefaultProfile}, which does not exist");
        var levels = Levels(await names.CurrentAsync(cancellationToken), authority, provisioner, origin, asker);
        var reserved = await gateways.CurrentAsync(cancellationToken);
        var terms = provisioner.Narrow(profile);
        return new LeafContext(generation, provisioner, origin is null ? terms : terms.Within(origin.Narrow(profile)), authority, issuer,
            new NameFacts(levels, reserved.IsReserved, authority.Name, authority.Constraints, name => authority.ConstraintFault(issuer, name), time.GetUtcNow()));
    }

    // Both may have changed since the provisioner that renews was made: the one removed and made again, or moved to another authority.
    private static ProvisionerRecord OriginOf(LeafAsker asker, ProvisionerRecord origin, ProvisionerRecord renewer)
    {
        if (asker.RenewedIssuedAt < origin.CreatedAt)
            throw new RefusalException(RefusalReason.Unauthorized, $"{origin.Name}, from which the certificate came, was removed; the one of that id now was made later");
        return origin.AuthorityId == renewer.AuthorityId
            ? origin
            : throw new RefusalException(RefusalReason.Unauthorized, $"{origin.Name} is of authorities/{origin.AuthorityId} by now, {renewer.Name} of authorities/{renewer.AuthorityId}; a renewal stays below its authority");
    }

    private static ProvisionerRecord Enabled(FrozenDictionary<string, ProvisionerRecord> known, string id)
    {
        if (!known.TryGetValue(id, out var provisioner)) throw new RefusalException(RefusalReason.AcmeNotFound, $"there is no provisioner {Excerpt.Of(id)}");
        CheckEnabled(provisioner);
        return provisioner;
    }

    /// <exception cref="RefusalException">Unauthorized.</exception>
    internal static void CheckEnabled(ProvisionerRecord provisioner)
    {
        if (provisioner.Disabled) throw new RefusalException(RefusalReason.Unauthorized, $"{provisioner.Name} is disabled");
    }

    // DESIGN §8: a provisioner's allowlist is mandatory; an authority without rules inherits, that is, allows.
    private static ImmutableArray<NameLevel> Levels(
        NameSnapshot rules, AuthorityRecord authority, ProvisionerRecord provisioner, ProvisionerRecord? origin, LeafAsker asker)
    {
        var levels = ImmutableArray.CreateBuilder<NameLevel>();
        levels.Add(rules.Level(authority.Name, mandatory: false));
        levels.Add(rules.Level(provisioner.Name, mandatory: true));
        if (origin is not null) levels.Add(rules.Level(origin.Name, mandatory: true));
        if (asker.Account is { } account) levels.Add(rules.Level(ResourceName.Of(ResourceName.Accounts, account.AccountId), mandatory: false));
        if (asker.Account?.EabKeyId is { } eabKey) levels.Add(rules.Level(ResourceName.Of(ResourceName.EabKeys, eabKey), mandatory: false));
        foreach (var level in asker.Levels) levels.Add(rules.Level(level, mandatory: false));
        return levels.ToImmutable();
    }
}

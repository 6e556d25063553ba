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

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>The configuration that an order is held against, all of it as it is now.</summary>
internal sealed record OrderContext(long Generation, ProvisionerRecord Provisioner, ProfileRecord Profile, AuthorityRecord Authority, IssuerRecord Issuer, NameFacts Names);

/// <summary>Collects an order's context from the books.</summary>
internal sealed class OrderContexts(
    IStore store, ProvisionerBook provisioners, ProfileBook profiles, AuthorityBook authorities, NameBook names, GatewayBook gateways, TimeProvider time)
{
    /// <param name="provisionerId">Whose order it is.</param>
    /// <param name="profileId">The profile that was asked for; null takes the provisioner's.</param>
    /// <param name="account">Whose name rules hold as well; null for none's.</param>
    /// <param name="cancellationToken">The call's.</param>
    /// <exception cref="RefusalException">AcmeNotFound, InvalidProfile, Unauthorized (disabled), ServerInternal (a broken configuration).</exception>
    public async ValueTask<OrderContext> CurrentAsync(string provisionerId, string? profileId, AccountKey? account, CancellationToken cancellationToken)
    {
        // Read first: what is collected below is at least as fresh.
        var generation = await store.ReadAsync(Generation.ReadAsync, cancellationToken);
        if (!(await provisioners.CurrentAsync(cancellationToken)).TryGetValue(provisionerId, out var provisioner))
            throw new RefusalException(RefusalReason.AcmeNotFound, $"there is no provisioner {Excerpt.Of(provisionerId)}");
        if (provisioner.Disabled) throw new RefusalException(RefusalReason.Unauthorized, $"{provisioner.Name} is disabled");
        var hierarchy = await authorities.CurrentAsync(cancellationToken);
        var authority = hierarchy.Find(provisioner.AuthorityId)
            ?? throw new InvalidOperationException($"{provisioner.Name} names authorities/{provisioner.AuthorityId}, which does not exist");
        var issuer = hierarchy.ActiveIssuer(authority.Id)
            ?? throw new InvalidOperationException($"{authority.Name} has no active issuer");
        if (profileId is not null && !provisioner.Offers(profileId))
            throw new RefusalException(RefusalReason.InvalidProfile, $"{provisioner.Name} does not offer the profile {Excerpt.Of(profileId)}; the directory lists those it does");
        if (!(await profiles.CurrentAsync(cancellationToken)).TryGetValue(profileId ?? provisioner.DefaultProfile, out var profile))
            throw new InvalidOperationException($"{provisioner.Name} names profiles/{profileId ?? provisioner.DefaultProfile}, which does not exist");
        var rules = await names.CurrentAsync(cancellationToken);
        var reserved = await gateways.CurrentAsync(cancellationToken);
        // DESIGN §8: the provisioner's allowlist is mandatory; an authority without rules inherits, that is, allows.
        ImmutableArray<NameLevel> levels = [rules.Level(authority.Name, mandatory: false), rules.Level(provisioner.Name, mandatory: true)];
        if (account is not null) levels = levels.Add(rules.Level(ResourceName.Of(ResourceName.Accounts, account.AccountId), mandatory: false));
        if (account?.EabKeyId is { } eabKey) levels = levels.Add(rules.Level(ResourceName.Of(ResourceName.EabKeys, eabKey), mandatory: false));
        return new OrderContext(generation, provisioner, profile, authority, issuer,
            new NameFacts(levels, reserved.IsReserved, authority.Name, authority.Constraints, name => authority.ConstraintFault(issuer, name), time.GetUtcNow()));
    }
}

using System.Collections.Immutable;
using Google.Protobuf;
using GrpcCa.ControlPlane.Declarations;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;
using NameRule = GrpcCa.ControlPlane.Names.NameRule;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Documents of declarative state between the wire and the room.</summary>
internal static class StateMapping
{
    /// <summary>The document as records; what no record can hold is among its faults.</summary>
    public static DesiredState ToDesired(State state, IEnumerable<StateCollection> prune, bool force)
    {
        var faults = ImmutableArray.CreateBuilder<DeclaredFault>();
        return new DesiredState
        {
            Profiles = Each(state.Profiles, "state.profiles", "profile", faults, (p, _) => ProfileMapping.ToRecord(Wire.Id(p.Name, ResourceName.Profiles, "profile.name"), p)),
            Provisioners = Each(state.Provisioners, "state.provisioners", "provisioner", faults,
                (p, _) => ProvisionerMapping.ToRecord(Wire.Id(p.Name, ResourceName.Provisioners, "provisioner.name"), p)),
            Gateways = Each(state.Gateways, "state.gateways", "gateway", faults,
                (g, _) => new DesiredGateway(Wire.Id(g.Name, ResourceName.Gateways, "gateway.name"), GatewayMapping.ToDraft(g))),
            Levels = Each(state.NameLevels, "state.name_levels", "level", faults,
                (l, path) => new DesiredLevel(l.Level, [.. Each(l.Rules, path + ".rules", "rule", faults, (r, _) => ToRule(r)).Select(r => r.Value)])),
            Prune = [.. prune.Select(c => (DeclaredCollection)(int)c).Distinct()],
            Force = force,
            Faults = faults.ToImmutable(),
        };
    }

    /// <summary>The configuration as a document that can be declared again.</summary>
    public static State ToProto(
        IEnumerable<ProfileRecord> profiles, IEnumerable<ProvisionerRecord> provisioners, IEnumerable<GatewayRecord> gateways, IEnumerable<(string Level, IEnumerable<NameRule> Rules)> levels) => new()
    {
        Profiles = { profiles.Select(p => Declarable(ProfileMapping.ToProto(p))) },
        Provisioners = { provisioners.Select(p => Declarable(ProvisionerMapping.ToProto(p))) },
        Gateways = { gateways.Select(g => Declarable(GatewayMapping.ToProto(g))) },
        NameLevels = { levels.Select(l => new V1.NameLevel { Level = l.Level, Rules = { l.Rules.Select(ToProto) } }) },
    };

    public static StatePlan ToProto(AppliedState applied) => new()
    {
        Changes = { applied.Changes.Select(ToProto) },
        Unchanged = applied.Unchanged,
        Etag = EtagOf(applied.Generation),
    };

    /// <summary>The generation of a plan's etag; null for none.</summary>
    /// <exception cref="RefusalException">InvalidArgument: no plan has it.</exception>
    public static long? Generation(string etag)
    {
        if (etag.Length == 0) return null;
        return etag.StartsWith('g') && long.TryParse(etag.AsSpan(1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var generation)
            ? generation
            : throw new RefusalException(RefusalReason.InvalidArgument, "is not the etag of a plan") { Field = "plan_etag" };
    }

    private static string EtagOf(long generation) => $"g{generation}";

    private static StateChange ToProto(AppliedChange change) => new()
    {
        Resource = change.Resource,
        Action = (StateChange.Types.Action)(int)change.Action,
        Collection = (StateCollection)(int)change.Collection,
        Fields = { change.Action is AppliedAction.Create or AppliedAction.Update ? MessageChanges.Between(Shown(change.Before), Shown(change.After)) : [] },
    };

    private static IMessage? Shown(object? record) => record switch
    {
        null => null,
        ProfileRecord profile => Declarable(ProfileMapping.ToProto(profile)),
        ProvisionerRecord provisioner => Declarable(ProvisionerMapping.ToProto(provisioner)),
        GatewayRecord gateway => Declarable(GatewayMapping.ToProto(gateway)),
        ImmutableArray<NameRule> rules => new V1.NameLevel { Rules = { rules.Select(ToProto) } },
        _ => throw new InvalidOperationException($"a document shows no {record.GetType().Name}"),
    };

    // Times and etags are the server's to say and change with everything: they are no part of a document.
    private static Profile Declarable(Profile profile)
    {
        profile.Etag = "";
        return profile;
    }

    private static Provisioner Declarable(Provisioner provisioner)
    {
        (provisioner.Etag, provisioner.CreateTime, provisioner.UpdateTime) = ("", null, null);
        return provisioner;
    }

    private static Gateway Declarable(Gateway gateway)
    {
        (gateway.Etag, gateway.CreateTime, gateway.EnrollTime, gateway.IdentityExpireTime) = ("", null, null, null);
        return gateway;
    }

    private static DeclaredNameRule ToProto(NameRule rule)
    {
        var declared = new DeclaredNameRule { Comment = rule.Comment, ExpireTime = Wire.Time(rule.ExpiresAt) };
        if (rule.Effect == NameRuleEffect.Allow) declared.Allow = rule.Pattern.ToString();
        else declared.Deny = rule.Pattern.ToString();
        return declared;
    }

    private static DesiredRule ToRule(DeclaredNameRule rule)
    {
        var (effect, field, text) = rule.EffectCase switch
        {
            DeclaredNameRule.EffectOneofCase.Allow => (NameRuleEffect.Allow, "rule.allow", rule.Allow),
            DeclaredNameRule.EffectOneofCase.Deny => (NameRuleEffect.Deny, "rule.deny", rule.Deny),
            _ => throw new RefusalException(RefusalReason.InvalidArgument, "a rule needs allow or deny"),
        };
        try
        {
            return new DesiredRule(effect, NameRulePattern.Parse(text), rule.Comment, Wire.Moment(rule.ExpireTime, "rule.expire_time"));
        }
        catch (RefusalException fault) when (fault.Field == "pattern")
        {
            throw new RefusalException(fault.Reason, fault.Detail) { Field = field };
        }
    }

    // Every element that can be read; the faults of the others are kept with their places.
    private static ImmutableArray<Declared<TTo>> Each<TFrom, TTo>(
        IEnumerable<TFrom> items, string path, string field, ImmutableArray<DeclaredFault>.Builder faults, Func<TFrom, string, TTo> read)
    {
        var declared = ImmutableArray.CreateBuilder<Declared<TTo>>();
        foreach (var (place, item) in items.Index())
        {
            var at = $"{path}[{place}]";
            try
            {
                declared.Add(new Declared<TTo>(at, read(item, at)));
            }
            catch (RefusalException refusal)
            {
                var within = refusal.Field is { } name && name.StartsWith(field + ".", StringComparison.Ordinal) ? name[field.Length..] : "";
                faults.Add(new DeclaredFault(at + within, refusal.Detail));
            }
        }
        return declared.ToImmutable();
    }
}

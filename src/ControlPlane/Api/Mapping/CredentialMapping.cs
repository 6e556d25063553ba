using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;
using TokenKey = GrpcCa.ControlPlane.Provisioners.TokenKey;
using TokenTerms = GrpcCa.ControlPlane.Provisioners.TokenTerms;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>The kinds of provisioners other than <c>acme</c>, between the wire and the room.</summary>
internal static class CredentialMapping
{
    private static readonly JwsLimits Limits = new();

    public static void Add(Provisioner wire, ProvisionerRecord record)
    {
        switch (record.Kind)
        {
            case ProvisionerKind.Token:
                wire.Token = new TokenProvisioner
                {
                    Keys = { record.Token!.Keys.Select(k => new V1.TokenKey { KeyId = k.KeyId, PublicKey = k.Jwk }) },
                    Terms = ToProto(record.Token.Terms),
                };
                break;
            case ProvisionerKind.Oidc:
                wire.Oidc = ToProto(record.Oidc!);
                break;
            case ProvisionerKind.X5c:
                wire.X5C = new X5cProvisioner { RootsPem = record.X5c!.RootsPem, Terms = ToProto(record.X5c.Terms), AnyName = record.X5c.AnyName };
                break;
            case ProvisionerKind.Renewal:
                wire.Renewal = new RenewalProvisioner
                {
                    Provisioners = { record.Renewal!.Provisioners.Select(p => ResourceName.Of(ResourceName.Provisioners, p)) },
                    Terms = ToProto(record.Renewal.Terms),
                };
                break;
            default:
                throw new InvalidOperationException($"{record.Name} is of the kind {record.Kind}, which has no message");
        }
    }

    /// <summary>The record with the kind of a new provisioner; the kind of one that is there stays.</summary>
    /// <exception cref="RefusalException">InvalidArgument: another kind than it has.</exception>
    public static ProvisionerRecord WithKind(ProvisionerRecord record, Provisioner wire)
    {
        if (wire.KindCase == Provisioner.KindOneofCase.None) return record;
        var kind = wire.KindCase switch
        {
            Provisioner.KindOneofCase.Token => ProvisionerKind.Token,
            Provisioner.KindOneofCase.Oidc => ProvisionerKind.Oidc,
            Provisioner.KindOneofCase.X5C => ProvisionerKind.X5c,
            Provisioner.KindOneofCase.Renewal => ProvisionerKind.Renewal,
            _ => ProvisionerKind.Acme,
        };
        if (record.Version == 0) return record with { Kind = kind };
        return kind == record.Kind
            ? record
            : throw new RefusalException(RefusalReason.InvalidArgument, $"{record.Name} is of the kind {Word(record.Kind)}; a provisioner keeps its kind: make another one") { Field = "provisioner." + Word(kind) };
    }

    /// <summary>The word that people and field masks use.</summary>
    public static string Word(ProvisionerKind kind) => kind.ToString().ToLowerInvariant();

    public static ProvisionerRecord Apply(ProvisionerRecord record, Provisioner wire, FieldChanges changes) => record.Kind switch
    {
        ProvisionerKind.Token => record with { Token = Apply(record.Token ?? new(), wire.Token ?? new(), changes) },
        ProvisionerKind.Oidc => record with { Oidc = Apply(record.Oidc ?? new(), wire.Oidc ?? new(), changes) },
        ProvisionerKind.X5c => record with { X5c = Apply(record.X5c ?? new(), wire.X5C ?? new(), changes) },
        _ => record with { Renewal = Apply(record.Renewal ?? new(), wire.Renewal ?? new(), changes) },
    };

    private static TokenSettings Apply(TokenSettings old, TokenProvisioner wire, FieldChanges changes) => old with
    {
        Keys = changes.Of("token.keys", wire.Keys.Count > 0) ? [.. wire.Keys.Select(ToKey)] : old.Keys,
        Terms = Apply(old.Terms, wire.Terms, "token.terms", changes),
    };

    private static TokenKey ToKey(V1.TokenKey wire, int place)
    {
        try
        {
            var key = JsonWebKey.ParseText(wire.PublicKey, "the key", Limits);
            return new(wire.KeyId.Length > 0 ? wire.KeyId : key.Thumbprint, key.CanonicalJson);
        }
        catch (RefusalException fault)
        {
            throw new RefusalException(RefusalReason.InvalidArgument, fault.Detail) { Field = $"provisioner.token.keys[{place}].public_key" };
        }
    }

    private static OidcSettings Apply(OidcSettings old, OidcProvisioner wire, FieldChanges changes) => old with
    {
        Issuer = changes.Of("oidc.issuer", wire.Issuer.Length > 0) ? wire.Issuer : old.Issuer,
        Terms = Apply(old.Terms, wire.Terms, "oidc.terms", changes),
        Names = changes.Of("oidc.names", wire.Names.Count > 0) ? Distinct(wire.Names) : old.Names,
        Admins = changes.Of("oidc.admins", wire.Admins.Count > 0) ? Distinct(wire.Admins) : old.Admins,
        RequiredClaims = changes.Of("oidc.required_claims", wire.RequiredClaims.Count > 0) ? Distinct(wire.RequiredClaims) : old.RequiredClaims,
        RootsPem = changes.Of("oidc.roots_pem", wire.RootsPem.Length > 0) ? wire.RootsPem : old.RootsPem,
        Ranges = changes.Of("oidc.ranges", wire.Ranges.Count > 0) ? Distinct(wire.Ranges) : old.Ranges,
        Resolvers = changes.Of("oidc.resolvers", wire.Resolvers.Count > 0) ? Distinct(wire.Resolvers) : old.Resolvers,
    };

    private static X5cSettings Apply(X5cSettings old, X5cProvisioner wire, FieldChanges changes) => old with
    {
        RootsPem = changes.Of("x5c.roots_pem", wire.RootsPem.Length > 0) ? wire.RootsPem : old.RootsPem,
        Terms = Apply(old.Terms, wire.Terms, "x5c.terms", changes),
        AnyName = changes.Of("x5c.any_name", wire.AnyName) ? wire.AnyName : old.AnyName,
    };

    private static RenewalSettings Apply(RenewalSettings old, RenewalProvisioner wire, FieldChanges changes) => old with
    {
        Provisioners = changes.Of("renewal.provisioners", wire.Provisioners.Count > 0)
            ? [.. wire.Provisioners.Select((p, i) => Wire.Id(p, ResourceName.Provisioners, $"provisioner.renewal.provisioners[{i}]")).Distinct(StringComparer.Ordinal)]
            : old.Provisioners,
        Terms = Apply(old.Terms, wire.Terms, "renewal.terms", changes),
    };

    private static TokenTerms Apply(TokenTerms old, V1.TokenTerms? wire, string path, FieldChanges changes) => old with
    {
        Audiences = changes.Of(path + ".audiences", wire?.Audiences.Count > 0) ? Distinct(wire?.Audiences ?? []) : old.Audiences,
        MaxLifetime = changes.Of(path + ".max_lifetime", wire?.MaxLifetime is not null) ? wire?.MaxLifetime?.ToTimeSpan() : old.MaxLifetime,
        ClockSkew = changes.Of(path + ".clock_skew", wire?.ClockSkew is not null) ? wire?.ClockSkew?.ToTimeSpan() : old.ClockSkew,
    };

    private static V1.TokenTerms ToProto(TokenTerms terms) => new()
    {
        Audiences = { terms.Audiences },
        MaxLifetime = Wire.Span(terms.MaxLifetime),
        ClockSkew = Wire.Span(terms.ClockSkew),
    };

    private static OidcProvisioner ToProto(OidcSettings oidc) => new()
    {
        Issuer = oidc.Issuer,
        Terms = ToProto(oidc.Terms),
        Names = { oidc.Names },
        Admins = { oidc.Admins },
        RequiredClaims = { oidc.RequiredClaims },
        RootsPem = oidc.RootsPem,
        Ranges = { oidc.Ranges },
        Resolvers = { oidc.Resolvers },
    };

    private static ImmutableArray<string> Distinct(IEnumerable<string> texts) => [.. texts.Distinct(StringComparer.Ordinal)];
}

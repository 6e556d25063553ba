using System.Collections.Immutable;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Revocation;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Filters;

/// <summary>What a selector of certificates says; faults name its fields.</summary>
internal static class SelectorReader
{
    private const int MostNamed = 1000;

    /// <exception cref="RefusalException">InvalidArgument.</exception>
    public static BatchSelection Read(CertificateSelector selector)
    {
        var provisioner = OptionalId(selector.Provisioner, ResourceName.Provisioners, "selector.provisioner");
        var conditions = ImmutableArray.CreateBuilder<CertificateCondition>();
        if (selector.Identifier.Length > 0) conditions.Add(new(CertificateField.Identifier, Name(selector.Identifier)));
        if (OptionalId(selector.Account, ResourceName.Accounts, "selector.account") is { } account) conditions.Add(new(CertificateField.Account, account));
        if (selector.PublicKeySha256.Length > 0) conditions.Add(new(CertificateField.Key, CertificateFilter.Hash(selector.PublicKeySha256, "selector.public_key_sha256")));
        if (OptionalId(selector.Gateway, ResourceName.Gateways, "selector.gateway") is { } gateway) conditions.Add(new(CertificateField.Gateway, gateway));
        if (OptionalId(selector.Authority, ResourceName.Authorities, "selector.authority") is { } authority) conditions.Add(CertificateFilter.OfAuthority(authority));
        if (Wire.Moment(selector.IssuedFrom, "selector.issued_from") is { } from)
            conditions.Add(new(CertificateField.Created, from.ToUnixTimeMilliseconds(), Comparison.GreaterOrEqual));
        if (selector.Certificates.Count > 0 && conditions.Count > 0) throw Wrong("selector.certificates", "stand alone, or with a provisioner: nothing else may be set beside them");
        if (provisioner is not null) conditions.Add(new(CertificateField.Provisioner, provisioner));
        if (selector.Certificates.Count > MostNamed) throw Wrong("selector.certificates", $"are more than {MostNamed}");
        if (conditions.Count == 0 && selector.Certificates.Count == 0) throw Wrong("selector", "is empty: say which certificates are meant");
        return new BatchSelection(selector.ToString(), [.. selector.Certificates.Select(Serial).Distinct()], conditions.ToImmutable()) { ProvisionerId = provisioner };
    }

    private static string? OptionalId(string name, string collection, string field) => name.Length == 0 ? null : Wire.Id(name, collection, field);

    private static string Name(string text)
    {
        try
        {
            return Identifier.ParseKind(text).ToString();
        }
        catch (RefusalException fault)
        {
            throw Wrong("selector.identifier", fault.Detail);
        }
    }

    private static SerialNumber Serial(string name, int index) =>
        SerialNumber.TryParseHex(Wire.Id(name, ResourceName.Certificates, $"selector.certificates[{index}]"), out var serial)
            ? serial
            : throw Wrong($"selector.certificates[{index}]", $"{Excerpt.Of(name)} has no serial number in hexadecimal");

    private static RefusalException Wrong(string field, string fault) => new(RefusalReason.InvalidArgument, fault) { Field = field };
}

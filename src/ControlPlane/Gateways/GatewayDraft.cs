using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>What an operator asks a gateway to be; null leaves a field as it is. Text, not yet checked.</summary>
internal sealed record GatewayDraft
{
    public IReadOnlyList<string>? BaseUrls { get; init; }

    public IReadOnlyList<string>? RetiredBaseUrls { get; init; }

    public IReadOnlyList<string>? TlsNames { get; init; }

    /// <summary>Ids.</summary>
    public IReadOnlyList<string>? ProvisionerIds { get; init; }

    public bool? Disabled { get; init; }

    /// <summary>The record with these fields, each checked and canonical.</summary>
    /// <exception cref="RefusalException">A field is wrong; the refusal names it.</exception>
    public GatewayRecord ApplyTo(GatewayRecord record)
    {
        var next = record with
        {
            BaseUrls = BaseUrls is null ? record.BaseUrls : Urls(BaseUrls, "gateway.base_urls"),
            DeclaredTlsNames = TlsNames is null ? record.DeclaredTlsNames : Names(TlsNames),
            ProvisionerIds = ProvisionerIds is null ? record.ProvisionerIds : [.. ProvisionerIds.Distinct(StringComparer.Ordinal)],
            Disabled = Disabled ?? record.Disabled,
        };
        // Account URLs below an origin that goes must keep working, unless the operator says which ones may.
        var retired = RetiredBaseUrls is null ? record.RetiredBaseUrls.Concat(record.BaseUrls) : Urls(RetiredBaseUrls, "gateway.retired_base_urls");
        next = next with { RetiredBaseUrls = [.. retired.Except(next.BaseUrls, StringComparer.Ordinal)] };
        if (next.BaseUrls.IsEmpty)
            throw new RefusalException(RefusalReason.InvalidArgument, "a gateway needs a base URL, such as https://ca.example") { Field = "gateway.base_urls" };
        return next;
    }

    private static ImmutableArray<string> Urls(IReadOnlyList<string> texts, string field) =>
        [.. texts.Select((t, i) => BaseUrl.Canonical(t, $"{field}[{i}]")).Distinct(StringComparer.Ordinal)];

    private static ImmutableArray<Identifier> Names(IReadOnlyList<string> texts) =>
        [.. texts.Select((t, i) => Name(t, $"gateway.tls_names[{i}]")).Distinct()];

    private static Identifier Name(string text, string field)
    {
        try
        {
            return System.Net.IPAddress.TryParse(text, out _) ? Identifier.ParseIp(text) : Identifier.ParseDns(text);
        }
        catch (RefusalException fault)
        {
            throw new RefusalException(RefusalReason.InvalidArgument, fault.Detail) { Field = field };
        }
    }
}

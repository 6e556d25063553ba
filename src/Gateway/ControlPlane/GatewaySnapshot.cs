using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using GrpcCa.Gateway.Acme;
using GrpcCa.Gateway.Trust;
using GrpcCa.V1;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>One version of what the control plane told this gateway to serve, ready for look-ups; immutable.</summary>
internal sealed class GatewaySnapshot
{
    private readonly FrozenDictionary<string, string> originByAuthority;
    private readonly FrozenDictionary<string, GatewayConfig.Types.DirectoryConfig> directories;

    public GatewaySnapshot(GatewayConfig config)
    {
        Config = config;
        originByAuthority = config.BaseUrls
            .Select(url => KeyValuePair.Create(new Uri(url).Authority, url.TrimEnd('/')))
            .DistinctBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        directories = config.Directories.DistinctBy(d => d.ProvisionerId, StringComparer.Ordinal)
            .ToFrozenDictionary(d => d.ProvisionerId, StringComparer.Ordinal);
        Roots = [.. config.Roots.Select(PublishedCertificate.From)];
        Intermediates = [.. config.Intermediates.Select(PublishedCertificate.From)];
        FirstOrigin = config.BaseUrls[0].TrimEnd('/');
    }

    public GatewayConfig Config { get; }

    /// <summary>Directories as they were rendered, by origin and provisioner.</summary>
    public ConcurrentDictionary<(string Origin, string Provisioner), Reply> Directories { get; } = new();

    public ImmutableArray<PublishedCertificate> Roots { get; }

    public ImmutableArray<PublishedCertificate> Intermediates { get; }

    /// <summary>The preferred base URL: what links use when the client came by an undeclared name.</summary>
    public string FirstOrigin { get; }

    /// <summary>The declared base URL that a Host header stands for; null when it is none of ours and must not be echoed.</summary>
    public string? OriginOf(string? host)
    {
        if (string.IsNullOrEmpty(host)) return null;
        var authority = host.EndsWith(":443", StringComparison.Ordinal) ? host[..^4] : host;
        return originByAuthority.GetValueOrDefault(authority);
    }

    public GatewayConfig.Types.DirectoryConfig? DirectoryOf(string provisioner) => directories.GetValueOrDefault(provisioner);

    /// <summary>Null when a configuration can be served, else what is wrong with it.</summary>
    public static string? FaultOf(GatewayConfig config)
    {
        if (config.BaseUrls.Count == 0) return "the gateway has no base URL";
        var bad = config.BaseUrls.FirstOrDefault(url => !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps);
        return bad is null ? null : $"base URL '{bad}' is not an https URL";
    }
}

using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>
/// All that decides the content of one certificate but its serial number; policy writes it, the corridor makes exactly
/// this or nothing. Nothing in it comes from a CSR but the key and names that policy admitted.
/// </summary>
internal sealed record CertificateSpec
{
    public required CertificateRole Role { get; init; }

    /// <summary>Who signs; for a root, its own new key without a certificate.</summary>
    public required IssuerKey Issuer { get; init; }

    /// <summary>The one CN of the subject; "" is an empty subject (only below an authority).</summary>
    public string SubjectCommonName { get; init; } = "";

    /// <summary>dns and ip subject alternative names, in this order.</summary>
    public ImmutableArray<Identifier> Names { get; init; } = [];

    /// <summary>An identity such as <c>grpcca://gateway/edge</c>; null for what is no identity.</summary>
    public string? UriSan { get; init; }

    public required PublicKey Key { get; init; }

    /// <summary>First second; cut to whole seconds, as X.509 writes them.</summary>
    public required DateTimeOffset NotBefore { get; init => field = WholeSeconds(value); }

    /// <summary>Last second, inclusive (RFC 5280 §4.1.2.5); cut to whole seconds.</summary>
    public required DateTimeOffset NotAfter { get; init => field = WholeSeconds(value); }

    /// <summary><c>serverAuth</c>, <c>clientAuth</c>, in this order; empty for authorities.</summary>
    public ImmutableArray<string> ExtendedKeyUsages { get; init; } = [];

    /// <summary>How many intermediates may follow an authority; null is the role's usual number.</summary>
    public int? PathLength { get; init; }

    /// <summary>What an authority may issue; null when it is not limited.</summary>
    public NameConstraints? Constraints { get; init; }

    /// <summary>http URL of the issuer's CRL; null when none is published.</summary>
    public string? CrlUrl { get; init; }

    /// <summary>http URL of the issuer's certificate; null when none is published.</summary>
    public string? IssuerUrl { get; init; }

    /// <summary>The kind of permit this takes.</summary>
    public PermitKind Kind => Role.PermitKind();

    /// <summary>The path length an authority gets: a root has one level below it, the others none.</summary>
    public int? EffectivePathLength => !Role.IsAuthority() ? null : PathLength ?? (Role == CertificateRole.Root ? 1 : 0);

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}

/// <summary>The key that signs, and the certificate it has.</summary>
/// <param name="Name">The resource: <c>authorities/{id}</c> or <c>authorities/{id}/issuers/{id}</c>.</param>
/// <param name="Key">Where the key is.</param>
/// <param name="CertificateDer">The issuer's certificate; null for a root that is being made.</param>
internal sealed record IssuerKey(string Name, KeyUri Key, byte[]? CertificateDer)
{
    /// <summary>The certificates above the issuer's, up to the root: their name constraints hold for what is issued, too.</summary>
    public ImmutableArray<byte[]> AboveDer { get; init; } = [];
}

using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>How a provisioner knows who asks. It never changes.</summary>
internal enum ProvisionerKind
{
    Acme,
    Token,
    Oidc,
    X5c,
    Renewal,
}

/// <summary>What a JSON Web Token must be like; null and empty fall back to the kind's defaults.</summary>
internal sealed record TokenTerms
{
    public ImmutableArray<string> Audiences { get; init; } = [];

    public TimeSpan? MaxLifetime { get; init; }

    public TimeSpan? ClockSkew { get; init; }
}

/// <summary>A key that signs tokens.</summary>
/// <param name="KeyId">What <c>kid</c> calls it.</param>
/// <param name="Jwk">The public key in canonical form (RFC 7638 §3).</param>
internal sealed record TokenKey(string KeyId, string Jwk);

/// <summary>Kind <c>token</c>.</summary>
internal sealed record TokenSettings
{
    public ImmutableArray<TokenKey> Keys { get; init; } = [];

    public TokenTerms Terms { get; init; } = new();
}

/// <summary>Kind <c>oidc</c>.</summary>
internal sealed record OidcSettings
{
    public string Issuer { get; init; } = "";

    public TokenTerms Terms { get; init; } = new();

    /// <summary>Templates of the names that a token is good for.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary><c>claim=value</c> of those who may have any name that the rules allow.</summary>
    public ImmutableArray<string> Admins { get; init; } = [];

    /// <summary><c>claim=value</c> that every token must have.</summary>
    public ImmutableArray<string> RequiredClaims { get; init; } = [];

    /// <summary>PEM; empty means the system's roots and this CA's own.</summary>
    public string RootsPem { get; init; } = "";

    public ImmutableArray<string> Ranges { get; init; } = [];

    public ImmutableArray<string> Resolvers { get; init; } = [];
}

/// <summary>Kind <c>x5c</c>.</summary>
internal sealed record X5cSettings
{
    public string RootsPem { get; init; } = "";

    public TokenTerms Terms { get; init; } = new();

    /// <summary>Whether a token may ask for names that its certificate does not have.</summary>
    public bool AnyName { get; init; }
}

/// <summary>Kind <c>renewal</c>.</summary>
internal sealed record RenewalSettings
{
    /// <summary>Whose certificates may be renewed, by id.</summary>
    public ImmutableArray<string> Provisioners { get; init; } = [];

    public TokenTerms Terms { get; init; } = new();
}

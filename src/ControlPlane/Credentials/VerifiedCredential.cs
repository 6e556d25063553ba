using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>What a caller shows to ask for a certificate without being an operator; each is bound to one kind of provisioner.</summary>
internal enum CredentialKind
{
    Token,
    OidcToken,
    X5cToken,
}

/// <summary>A credential that holds, not yet used up.</summary>
/// <param name="Actor">The audit's word for who asks.</param>
/// <param name="Use">What makes it good once.</param>
internal sealed record VerifiedCredential(string Actor, TokenUse Use)
{
    /// <summary>The names it is for; empty together with <see cref="AnyName"/> for whatever the rules allow.</summary>
    public ImmutableArray<Identifier> Names { get; init; } = [];

    /// <summary>Whether only the rules decide.</summary>
    public bool AnyName { get; init; }

    /// <summary>Whether the certificate must have all of the names.</summary>
    public bool AllNames { get; init; }

    /// <summary>The profile it asks for; null when it leaves it to the request.</summary>
    public string? Profile { get; init; }

    /// <summary>What is kept with the certificate as evidence of who asked.</summary>
    public byte[] Evidence { get; init; } = [];
}

/// <summary>One use of a token.</summary>
/// <param name="Id">SHA-256 over what tells it from every other one.</param>
/// <param name="Until">After this it is refused as expired.</param>
internal sealed record TokenUse(byte[] Id, DateTimeOffset Until)
{
    /// <summary>The parts are joined with their lengths, so that no two lists of parts are the same bytes.</summary>
    public static TokenUse Of(DateTimeOffset until, params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts) text.Append(part.Length).Append(':').Append(part);
        return new(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())), until);
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>How join and login tokens are written.</summary>
internal sealed record JoinTokenOptions
{
    /// <summary>Host and port that joiners dial; asked when a token is written, since port 0 is known only after the bind.</summary>
    public required Func<string> Endpoint { get; init; }

    /// <summary>How long a token works; 1 h unless set.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>A token that was made: the text is shown once, only the hash is kept.</summary>
internal sealed record DraftToken(string Text, byte[] SecretSha256, DateTimeOffset ExpiresAt)
{
    /// <summary>Never the secret.</summary>
    public override string ToString() => $"join token until {ExpiresAt:O}";
}

/// <summary>One-time tokens by which gateways and operators join.</summary>
internal sealed class JoinTokens(IdentityAuthority authority, JoinTokenOptions options, TimeProvider time)
{
    private const int SecretBytes = 32;

    /// <summary>Makes a token; it works once <see cref="JoinTokenStore.PutAsync"/> has put it down for a subject.</summary>
    public async ValueTask<DraftToken> DraftAsync(CancellationToken cancellationToken)
    {
        var roots = await authority.RootsAsync(cancellationToken);
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var token = new JoinToken(options.Endpoint(), SHA256.HashData(roots[0]), secret);
        return new DraftToken(token.Encode(), Hash(secret), time.GetUtcNow() + options.Lifetime);
    }

    /// <summary>
    /// The id in this collection whose token has the secret. Looking does not spend it; every fault is told the same
    /// way, so that nobody learns which tokens exist.
    /// </summary>
    public static async ValueTask<string> SubjectAsync(StoreSession session, string collection, string secret, DateTimeOffset now)
    {
        var subject = await JoinTokenStore.SubjectOfAsync(session, Hash(secret), now);
        return subject is not null && Protocol.ResourceName.TryParse(subject, collection, out var id) ? id : throw Unknown();
    }

    /// <summary>Spends the secret inside the enrolment's transaction.</summary>
    public static async ValueTask SpendAsync(StoreSession session, string secret)
    {
        if (!await JoinTokenStore.SpendAsync(session, Hash(secret))) throw Unknown();
    }

    // The secret is 256 random bits: a plain hash cannot be guessed backwards.
    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static RefusalException Unknown() =>
        new(RefusalReason.Unauthenticated, "the token is not known: it was used, has expired, or a newer one replaced it; ask for a new one");
}

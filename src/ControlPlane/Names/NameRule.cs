using System.Security.Cryptography;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Names;

/// <summary>What a match means; the numbers are those of the API and of the store.</summary>
internal enum NameRuleEffect
{
    Allow = 1,
    Deny = 2,
}

/// <summary>One rule of one level (<c>authorities/{id}</c>, <c>provisioners/{id}</c>); it never changes, it comes and goes.</summary>
internal sealed record NameRule
{
    public const int MaxCommentLength = 500;

    public required string Id { get; init; }

    public required string Level { get; init; }

    public required NameRuleEffect Effect { get; init; }

    public required NameRulePattern Pattern { get; init; }

    /// <summary>Why it is there.</summary>
    public string Comment { get; init; } = "";

    /// <summary>From this moment on it does not count; null = never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Who made it: <c>operators/alice</c>, <c>local/uid/0</c>, <c>system</c>.</summary>
    public required string Creator { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public NameRuleForm Form => Pattern.Form;

    public string Value => Pattern.Value;

    /// <summary>A new rule with a random id, its comment and expiry checked.</summary>
    /// <exception cref="RefusalException">InvalidArgument.</exception>
    public static NameRule Create(string level, NameRuleEffect effect, NameRulePattern pattern, string creator, DateTimeOffset now,
        string comment = "", DateTimeOffset? expiresAt = null)
    {
        if (!Enum.IsDefined(effect)) throw Wrong("effect", "the effect is allow or deny");
        if (comment.Length > MaxCommentLength) throw Wrong("comment", $"the comment has {comment.Length} characters; at most {MaxCommentLength} fit");
        if (comment.Any(char.IsControl)) throw Wrong("comment", "the comment has control characters");
        if (expiresAt <= now) throw Wrong("expire_time", "the rule would expire in the past");
        return new NameRule
        {
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            Level = level,
            Effect = effect,
            Pattern = pattern,
            Comment = comment,
            ExpiresAt = expiresAt,
            Creator = creator,
            CreatedAt = now,
        };
    }

    public bool IsLive(DateTimeOffset now) => ExpiresAt is null || ExpiresAt > now;

    /// <summary>How people say it: <c>deny exact:nas.net.gq of provisioners/acme</c>.</summary>
    public override string ToString() => $"{(Effect == NameRuleEffect.Allow ? "allow" : "deny")} {Pattern} of {Level}";

    private static RefusalException Wrong(string field, string detail) => new(RefusalReason.InvalidArgument, detail) { Field = field };
}

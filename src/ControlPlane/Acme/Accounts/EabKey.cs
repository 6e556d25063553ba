using System.Security.Cryptography;
using System.Text;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>A key for external account binding (RFC 8555 §7.3.4); its MAC key is sealed.</summary>
internal sealed record EabKey
{
    /// <summary>Any number of accounts may be bound.</summary>
    public const int Unlimited = -1;

    /// <summary>What clients send as <c>kid</c>.</summary>
    public required string Id { get; init; }

    public required string ProvisionerId { get; init; }

    public string Comment { get; init; } = "";

    public required byte[] SealedMacKey { get; init; }

    /// <summary>How many accounts it may bind; <see cref="Unlimited"/> for any number.</summary>
    public int MaxUses { get; init; } = 1;

    public int Uses { get; init; }

    public bool Disabled { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Changes with what an operator can change.</summary>
    public string Etag => "e" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{MaxUses} {Disabled} {ExpiresAt?.ToUnixTimeMilliseconds()} {Comment}")))[..16];

    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.EabKeys, Id);

    /// <summary>Why it binds no account now; null when it does.</summary>
    public string? RefusalAt(DateTimeOffset now) =>
        Disabled ? "it is disabled"
        : ExpiresAt <= now ? $"it expired at {ExpiresAt:yyyy-MM-ddTHH:mm:ssZ}"
        : MaxUses != Unlimited && Uses >= MaxUses ? $"it has bound {Uses} of {MaxUses} accounts"
        : null;
}

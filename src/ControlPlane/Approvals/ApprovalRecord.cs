using System.Security.Cryptography;
using System.Text;

namespace GrpcCa.ControlPlane.Approvals;

/// <summary>Where an approval stands; the numbers are those of <c>grpcca.v1.Approval.State</c> and of the store.</summary>
internal enum ApprovalState
{
    Pending = 1,
    /// <summary>Somebody said yes, and the act began; what became of it is not known yet.</summary>
    Approved,
    Done,
    Failed,
    Rejected,
    /// <summary>Derived, never stored.</summary>
    Expired,
}

/// <summary>An act that waits for a second operator, or what became of it.</summary>
internal sealed record ApprovalRecord
{
    public required string Id { get; init; }

    /// <summary>The path of the RPC.</summary>
    public required string Method { get; init; }

    /// <summary>The request message, exactly as it came.</summary>
    public required byte[] Request { get; init; }

    /// <summary>Of the method and the request without its request id; what a yes is bound to.</summary>
    public required byte[] Digest { get; init; }

    public required string Resource { get; init; }

    /// <summary>What it would do, for people.</summary>
    public required string Summary { get; init; }

    public required string Asker { get; init; }

    public ApprovalState State { get; init; } = ApprovalState.Pending;

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public string Decider { get; init; } = "";

    public DateTimeOffset? DecidedAt { get; init; }

    public string Outcome { get; init; } = "";

    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.Approvals, Id);

    /// <summary>Where it stands at that moment.</summary>
    public ApprovalState StateAt(DateTimeOffset now) => State == ApprovalState.Pending && ExpiresAt <= now ? ApprovalState.Expired : State;

    /// <summary>Binds a yes to what was asked.</summary>
    public static byte[] DigestOf(string method, ReadOnlySpan<byte> request) => SHA256.HashData([.. Encoding.UTF8.GetBytes(method), 0, .. request]);
}

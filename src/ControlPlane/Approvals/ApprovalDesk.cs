using System.Security.Cryptography;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Approvals;

/// <summary>Notes wishes that need a second operator, and what became of them. Each step is an audited act.</summary>
internal sealed class ApprovalDesk(IStore store, ApprovalOptions options, TimeProvider time)
{
    private const int MostPending = 100;
    private const int LongestReason = 500;

    /// <exception cref="RefusalException">NotFound.</exception>
    public async ValueTask<ApprovalRecord> GetAsync(string id, CancellationToken cancellationToken) =>
        await store.ReadAsync(session => ApprovalStore.FindAsync(session, id), cancellationToken) ?? throw Unknown(id);

    /// <summary>Notes a wish; the same one of the same asker that waits already is the answer.</summary>
    public async Task<ApprovalRecord> AskAsync(Wish wish, CancellationToken cancellationToken)
    {
        var waiting = await store.ReadAsync(session => ApprovalStore.PendingOfAsync(session, wish.Asker, time.GetUtcNow()), cancellationToken);
        if (waiting.Find(wish.IsSame) is { } known) return known;
        return await store.ActAsync(async session =>
        {
            var now = Now();
            var pending = await ApprovalStore.PendingOfAsync(session, wish.Asker, now);
            if (pending.Count >= MostPending)
                throw new RefusalException(RefusalReason.ResourceExhausted, $"{wish.Asker} waits for {pending.Count} approvals already; let them be decided, or withdraw some");
            var asked = new ApprovalRecord
            {
                Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                Method = wish.Method,
                Request = wish.Request,
                Digest = wish.Digest,
                Resource = wish.Resource,
                Summary = wish.Summary,
                Asker = wish.Asker,
                CreatedAt = now,
                ExpiresAt = now + options.Lifetime,
            };
            await ApprovalStore.AddAsync(session, asked);
            return Acted("approval.ask", wish.Asker, asked, now);
        }, cancellationToken);
    }

    /// <summary>Takes the yes, before the act begins; from here on nobody else can.</summary>
    /// <param name="id">Which.</param>
    /// <param name="digest">Of what the approver has looked at.</param>
    /// <param name="approver">Who; never the asker.</param>
    /// <param name="cancellationToken">The call's.</param>
    public Task<ApprovalRecord> ClaimAsync(string id, byte[] digest, string approver, CancellationToken cancellationToken) =>
        DecideAsync(id, approver, "approval.approve", old =>
        {
            if (IsSamePerson(old.Asker, approver))
                throw new RefusalException(RefusalReason.PermissionDenied, $"{old.Asker} asked for it: another operator has to approve it");
            if (!CryptographicOperations.FixedTimeEquals(old.Digest, digest))
                throw new RefusalException(RefusalReason.InvalidArgument, "is not the digest of this approval; look at it again") { Field = "request_sha256" };
            return old with { State = ApprovalState.Approved };
        }, cancellationToken);

    /// <summary>Ends it without an act.</summary>
    public Task<ApprovalRecord> RejectAsync(string id, string reason, string decider, CancellationToken cancellationToken)
    {
        if (reason.Length > LongestReason || reason.Any(char.IsControl))
            throw new RefusalException(RefusalReason.InvalidArgument, $"a reason has at most {LongestReason} characters and no control characters") { Field = "reason" };
        return DecideAsync(id, decider, "approval.reject", old => old with { State = ApprovalState.Rejected, Outcome = reason }, cancellationToken);
    }

    /// <summary>Notes what became of an approved act.</summary>
    /// <param name="approved">As <see cref="ClaimAsync"/> answered.</param>
    /// <param name="fault">Why it was refused; null when it is done.</param>
    public Task<ApprovalRecord> FinishAsync(ApprovalRecord approved, string? fault) => store.ActAsync(async session =>
    {
        var next = approved with { State = fault is null ? ApprovalState.Done : ApprovalState.Failed, Outcome = fault ?? "" };
        if (!await ApprovalStore.ReplaceAsync(session, approved, next)) throw Decided(next);
        return Acted("approval.finish", approved.Decider, next, Now());
        // The act is over: whoever waited and gave up changes nothing about it.
    }, CancellationToken.None);

    /// <summary>Whether two actors may be one person; at the admin socket nobody is told apart.</summary>
    public static bool IsSamePerson(string one, string other) =>
        one == other || (one.StartsWith("local/", StringComparison.Ordinal) && other.StartsWith("local/", StringComparison.Ordinal));

    private Task<ApprovalRecord> DecideAsync(
        string id, string decider, string action, Func<ApprovalRecord, ApprovalRecord> decide, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        var now = Now();
        var old = await ApprovalStore.FindAsync(session, id) ?? throw Unknown(id);
        if (old.StateAt(now) != ApprovalState.Pending) throw Decided(old with { State = old.StateAt(now) });
        var next = decide(old) with { Decider = decider, DecidedAt = now };
        if (!await ApprovalStore.ReplaceAsync(session, old, next)) throw Decided(old);
        return Acted(action, decider, next, now);
    }, cancellationToken);

    private static Acted<ApprovalRecord> Acted(string action, string actor, ApprovalRecord approval, DateTimeOffset now) => new(approval, new AuditEvent(
        now, action, actor, approval.Name,
        [
            new("asker", approval.Asker),
            new("decider", approval.Decider),
            new("method", approval.Method),
            new("requestSha256", Convert.ToHexStringLower(approval.Digest)),
            new("resource", approval.Resource),
            new("summary", approval.Summary),
            new("state", approval.State.ToString()),
            new("outcome", approval.Outcome),
        ]));

    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    private static RefusalException Decided(ApprovalRecord approval) =>
        new(RefusalReason.FailedPrecondition, $"{approval.Name} is {approval.State.ToString().ToLowerInvariant()} and waits for nobody");

    private static RefusalException Unknown(string id) => new(RefusalReason.NotFound, $"there is no approval '{id}'");
}

/// <summary>What somebody wants that needs a second operator.</summary>
internal sealed record Wish(string Method, byte[] Request, byte[] Digest, string Resource, string Summary, string Asker)
{
    public bool IsSame(ApprovalRecord approval) => approval.Method == Method && approval.Digest.AsSpan().SequenceEqual(Digest);
}

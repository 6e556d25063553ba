using System.Security.Cryptography;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Access;

/// <summary>One call that must count once (AIP-155).</summary>
/// <param name="Actor">Whose: two callers may choose the same id.</param>
/// <param name="RequestId">The caller's id for it.</param>
/// <param name="Method">The full name of the RPC.</param>
/// <param name="RequestSha256">SHA-256 of the request message.</param>
internal sealed record RequestMark(string Actor, string RequestId, string Method, byte[] RequestSha256);

/// <summary>Remembers for a day which request ids were used and what was answered, in the transaction of the act itself.</summary>
internal sealed class RequestLedger(IStore store, TimeProvider time)
{
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>The first answer, or null when the id is new. The same id for another request is refused.</summary>
    public ValueTask<byte[]?> FindAsync(RequestMark mark, CancellationToken cancellationToken) =>
        store.ReadAsync(session => FindAsync(session, mark), cancellationToken);

    /// <summary>Notes the answer inside the act's transaction; undoes the act when a parallel call was first.</summary>
    public async ValueTask RecordAsync(StoreSession session, RequestMark mark, byte[] answer)
    {
        var now = time.GetUtcNow();
        var row = new RequestIdRow(mark.Actor, mark.RequestId, mark.Method, mark.RequestSha256, answer, now + Kept);
        await RequestIdStore.DropAsync(session, mark.Actor, mark.RequestId, now);
        if (!await RequestIdStore.AddAsync(session, row)) throw new RequestRepeatedException();
    }

    private async ValueTask<byte[]?> FindAsync(StoreSession session, RequestMark mark)
    {
        var row = await RequestIdStore.FindAsync(session, mark.Actor, mark.RequestId, time.GetUtcNow());
        if (row is null) return null;
        var same = row.Method == mark.Method && CryptographicOperations.FixedTimeEquals(row.RequestSha256, mark.RequestSha256);
        return same
            ? row.Answer
            : throw new RefusalException(RefusalReason.InvalidArgument, "request_id was used for another request within the last 24 hours") { Field = "request_id" };
    }
}

/// <summary>A call with the same request id committed first; its answer is the answer.</summary>
internal sealed class RequestRepeatedException() : Exception("a call with the same request id was first");

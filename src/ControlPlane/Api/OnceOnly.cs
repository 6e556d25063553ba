using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Api;

/// <summary>
/// Makes a call count once (AIP-155): the same caller, <c>request_id</c> and request get the first answer again for a
/// day. The answer is noted in the act's own transaction, so a crash never leaves one without the other.
/// </summary>
internal sealed class OnceOnly(RequestLedger ledger)
{
    /// <param name="context">The call.</param>
    /// <param name="request">The request; another one with the same id is refused.</param>
    /// <param name="requestId">As the caller chose it; empty runs the act without a note.</param>
    /// <param name="parser">Reads the first answer again.</param>
    /// <param name="act">Does it; what it is given notes the answer inside the act's transaction, or is null.</param>
    /// <param name="actor">Whose id it is, where a credential says who asks; null takes the caller.</param>
    public async Task<TResponse> RunAsync<TResponse>(
        ServerCallContext context, IMessage request, string requestId, MessageParser<TResponse> parser,
        Func<Func<StoreSession, TResponse, ValueTask>?, Task<TResponse>> act, string? actor = null)
        where TResponse : IMessage<TResponse>
    {
        if (requestId.Length == 0) return await act(null);
        var mark = new RequestMark(actor ?? context.Caller().Actor, requestId, context.Method, SHA256.HashData(request.ToByteArray()));
        if (await ledger.FindAsync(mark, context.CancellationToken) is { } answered) return parser.ParseFrom(answered);
        try
        {
            return await act((session, answer) => ledger.RecordAsync(session, mark, answer.ToByteArray()));
        }
        catch (Exception fault) when (fault is RequestRepeatedException or RefusalException)
        {
            // Of parallel calls one was first; to the others the act itself may already be refused, as done.
            if (await ledger.FindAsync(mark, context.CancellationToken) is { } first) return parser.ParseFrom(first);
            throw;
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Approvals;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>
/// The innermost interceptor: a marked call that a resource wants a second operator for is noted and answered with
/// FAILED_PRECONDITION and the approval's name, not carried out.
/// </summary>
internal sealed class ApprovalInterceptor(ApprovalGate gate, ApprovalDesk desk, RequestLedger ledger) : Interceptor
{
    private const string Reason = "APPROVAL_REQUIRED";

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (request is not IMessage message) return await continuation(request, context);
        await gate.CheckOperatorsAsync(message, context.Caller(), context.CancellationToken);
        if (await gate.NeedAsync(context.Method, message, context.CancellationToken) is not { } need || await WasAnsweredAsync(message, context))
            return await continuation(request, context);
        var asked = await desk.AskAsync(
            new Wish(context.Method, message.ToByteArray(), DigestOf(context.Method, message), need.Resource, need.Summary, context.Caller().Actor), context.CancellationToken);
        throw RefusalStatus.Of(
            new RefusalException(RefusalReason.FailedPrecondition, $"{need.Demander} demands a second operator: {asked.Name} waits for one until {asked.ExpiresAt:u}"),
            context, Reason, new Dictionary<string, string>
            {
                ["approval"] = asked.Name,
                ["expire_time"] = asked.ExpiresAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                ["request_sha256"] = Convert.ToHexStringLower(asked.Digest),
            }).ToRpcException();
    }

    /// <summary>What a yes is bound to: the request without the id that only tells its repetitions apart.</summary>
    public static byte[] DigestOf(string method, IMessage message)
    {
        var plain = message.Descriptor.Parser.ParseFrom(message.ToByteString());
        message.Descriptor.FindFieldByName("request_id")?.Accessor.Clear(plain);
        return ApprovalRecord.DigestOf(method, plain.ToByteArray());
    }

    // The asker repeats what was approved and carried out meanwhile: the first answer is the answer.
    private async ValueTask<bool> WasAnsweredAsync(IMessage message, ServerCallContext context)
    {
        if (message.Descriptor.FindFieldByName("request_id")?.Accessor.GetValue(message) is not string { Length: > 0 } id) return false;
        var mark = new RequestMark(context.Caller().Actor, id, context.Method, SHA256.HashData(message.ToByteArray()));
        return await ledger.FindAsync(mark, context.CancellationToken) is not null;
    }
}

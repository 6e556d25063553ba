using System.Collections.Frozen;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using GrpcCa.ControlPlane.Api.Mapping;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>
/// Enforces the field_behavior of the protos before a handler runs, so that services only see complete requests:
/// required fields set, enum values known, texts of bounded length, nothing in the fields that are ours to set.
/// </summary>
internal sealed class FieldBehaviorInterceptor : Interceptor
{
    private const int MostViolations = 50;
    private readonly FrozenDictionary<string, MessagePlan> plans;

    public FieldBehaviorInterceptor()
    {
        var known = new Dictionary<string, MessagePlan>(StringComparer.Ordinal);
        plans = ApiServices.Methods().ToFrozenDictionary(m => m.Key, m => MessagePlan.Of(m.Value.InputType, known), StringComparer.Ordinal);
    }

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(request, context);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(request, context);
        return continuation(request, responseStream, context);
    }

    private void Check<TRequest>(TRequest request, ServerCallContext context)
    {
        // Health and reflection are not ours and declare nothing.
        if (request is not IMessage message || !plans.TryGetValue(context.Method, out var plan)) return;
        var violations = new List<FieldViolation>(0);
        new FieldCheck(violations).Run(message, plan, "");
        if (violations.Count == 0) return;
        if (violations.Count > MostViolations) violations.RemoveRange(MostViolations, violations.Count - MostViolations);
        throw RefusalStatus.OfViolations(violations, context).ToRpcException();
    }
}

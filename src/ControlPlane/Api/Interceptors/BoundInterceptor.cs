using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>
/// The one place where an issuer or operator that is bound to provisioners is held to them. What cannot be traced to
/// one of its provisioners, because it does not exist or belongs to none, is refused alike. What an update makes one of its
/// provisioners reach is <see cref="ProvisionerApi"/>'s to see, which knows what it was before.
/// </summary>
internal sealed class BoundInterceptor(BoundRules rules, ProvisionerOf provisioners) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        await CheckAsync(context.Method, request, context.Caller(), context.CancellationToken);
        return await continuation(request, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await CheckAsync(context.Method, request, context.Caller(), context.CancellationToken);
        await continuation(request, responseStream, context);
    }

    /// <exception cref="RefusalException">PermissionDenied.</exception>
    public async ValueTask CheckAsync(string method, object? request, Caller caller, CancellationToken cancellationToken)
    {
        if (caller.Provisioners.IsEmpty || request is not IMessage message) return;
        if (rules.ResourceOf(method, message, caller) is not { } resource) return;
        var owner = await provisioners.FindAsync(resource, cancellationToken);
        if (owner is null || !caller.Provisioners.Contains(owner, StringComparer.Ordinal))
            throw new RefusalException(RefusalReason.PermissionDenied,
                $"{caller.Actor} acts on {string.Join(", ", caller.Provisioners.Select(p => "provisioners/" + p))} only, and {Excerpt.Of(resource)} is none of theirs");
    }
}

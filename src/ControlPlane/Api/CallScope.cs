using Grpc.Core;
using GrpcCa.ControlPlane.Access;

namespace GrpcCa.ControlPlane.Api;

/// <summary>What the interceptors learned about a call, for the services behind them.</summary>
internal static class CallScope
{
    private static readonly object CallerKey = new();
    private static readonly object RequestIdKey = new();
    private static readonly object AccountUrlKey = new();
    private static readonly object PeerKey = new();

    /// <summary>Who calls; every call that reached a service has one.</summary>
    public static Caller Caller(this ServerCallContext context) => (Caller)context.UserState[CallerKey];

    public static void SetCaller(this ServerCallContext context, Caller caller) => context.UserState[CallerKey] = caller;

    /// <summary>Who is at the other end of the stream that carries the call; null for a call of its own, whose connection says it.</summary>
    public static CallPeer? StreamPeer(this ServerCallContext context) => context.UserState.TryGetValue(PeerKey, out var peer) ? (CallPeer)peer : null;

    public static void SetStreamPeer(this ServerCallContext context, CallPeer peer) => context.UserState[PeerKey] = peer;

    /// <summary>The id of the call in the log and in errors.</summary>
    public static string RequestId(this ServerCallContext context) => (string)context.UserState[RequestIdKey];

    public static void SetRequestId(this ServerCallContext context, string id) => context.UserState[RequestIdKey] = id;

    /// <summary>How account URLs look in this call's answers: a refused key change names the account it collides with (RFC 8555 §7.3.5).</summary>
    public static void SetAccountUrl(this ServerCallContext context, Func<string, string> urlOfId) => context.UserState[AccountUrlKey] = urlOfId;

    /// <summary>The URL of an account; null when the call has not said how they look.</summary>
    public static string? AccountUrl(this ServerCallContext context, string accountId) =>
        context.UserState.TryGetValue(AccountUrlKey, out var url) ? ((Func<string, string>)url)(accountId) : null;
}

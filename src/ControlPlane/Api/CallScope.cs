using Grpc.Core;
using GrpcCa.ControlPlane.Access;

namespace GrpcCa.ControlPlane.Api;

/// <summary>What the interceptors learned about a call, for the services behind them.</summary>
internal static class CallScope
{
    private static readonly object CallerKey = new();
    private static readonly object RequestIdKey = new();

    /// <summary>Who calls; every call that reached a service has one.</summary>
    public static Caller Caller(this ServerCallContext context) => (Caller)context.UserState[CallerKey];

    public static void SetCaller(this ServerCallContext context, Caller caller) => context.UserState[CallerKey] = caller;

    /// <summary>The id of the call in the log and in errors.</summary>
    public static string RequestId(this ServerCallContext context) => (string)context.UserState[RequestIdKey];

    public static void SetRequestId(this ServerCallContext context, string id) => context.UserState[RequestIdKey] = id;
}

using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Gateway.Endpoints;
using GrpcCa.V1;
using Polly.CircuitBreaker;

namespace GrpcCa.Gateway.Acme;

/// <summary>
/// Problem documents of the gateway's own, and the one table that turns a failed call into what the client sees:
/// what the control plane wrote for the client is passed on, everything else becomes "internal" without details.
/// </summary>
internal static class AcmeProblems
{
    private static readonly string DetailType = "/" + AcmeProblem.Descriptor.FullName;

    public static AcmeProblem Malformed(int status, string detail) => new() { Type = "malformed", Status = status, Detail = detail };

    public static AcmeProblem NotFound(string detail) => Malformed(StatusCodes.Status404NotFound, detail);

    public static AcmeProblem Internal() => new()
    {
        Type = "serverInternal",
        Status = StatusCodes.Status500InternalServerError,
        Detail = "something went wrong here; the operator finds the cause in the log by the instance of this problem",
    };

    public static AcmeProblem Away(TimeSpan retryAfter, string detail = "the certificate authority cannot be reached at the moment; try again later") => new()
    {
        Type = "serverInternal",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = detail,
        RetryAfter = Duration.FromTimeSpan(retryAfter),
    };

    /// <summary>What a failed call means for the client; null when the fault is none that calls are known to end in.</summary>
    public static AcmeProblem? Of(Exception fault) => fault switch
    {
        NonceShortageException or BrokenCircuitException => Away(TimeSpan.FromSeconds(5)),
        RpcException rpc when Find(rpc) is { } problem => problem,
        RpcException rpc when LinkState.IsAway(rpc) => Away(TimeSpan.FromSeconds(5)),
        RpcException rpc when LinkState.IsRefusal(rpc) => Away(TimeSpan.FromMinutes(5),
            "this gateway may not speak for the certificate authority at the moment; its operator finds the cause in its log"),
        RpcException => Internal(),
        _ => null,
    };

    /// <summary>The problem that the control plane attached to the status; null without one.</summary>
    public static AcmeProblem? Find(RpcException fault)
    {
        foreach (var detail in fault.GetRpcStatus()?.Details ?? [])
            if (detail.TypeUrl.EndsWith(DetailType, StringComparison.Ordinal)) return AcmeProblem.Parser.ParseFrom(detail.Value);
        return null;
    }
}

using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using GrpcCa.Gateway.Acme;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>Whether the control plane answers this gateway.</summary>
internal enum Reach
{
    /// <summary>No call has ended yet.</summary>
    Unknown,
    /// <summary>The last call was answered.</summary>
    Reachable,
    /// <summary>The last call got no answer.</summary>
    Unreachable,
    /// <summary>The control plane answers, but does not want this gateway: disabled, or its identity has expired.</summary>
    Refused,
}

/// <summary>What the calls of the last moments say about the control plane; logged once per change.</summary>
internal sealed class LinkState(ILogger<LinkState> log)
{
    private int reach = (int)Reach.Unknown;

    public Reach Reach => (Reach)Volatile.Read(ref reach);

    public void Answered() => Change(Reach.Reachable, "");

    /// <summary>Takes note of a failed call; a refusal of the ACME request itself is an answer.</summary>
    public void Failed(Exception fault)
    {
        switch (fault)
        {
            case BrokenCircuitException:
                break;
            case RpcException rpc when IsAway(rpc):
                Change(Reach.Unreachable, rpc.Status.Detail);
                break;
            case RpcException rpc when IsRefusal(rpc):
                Change(Reach.Refused, rpc.Status.Detail);
                break;
            default:
                Change(Reach.Reachable, "");
                break;
        }
    }

    /// <summary>No answer came: nobody there, or too late.</summary>
    public static bool IsAway(RpcException fault) => fault.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded && !HasProblem(fault, out _);

    /// <summary>The control plane refuses the gateway itself.</summary>
    public static bool IsRefusal(RpcException fault) => fault.StatusCode is StatusCode.PermissionDenied or StatusCode.Unauthenticated && !HasProblem(fault, out _);

    /// <summary>The problem document that the control plane attached for the client.</summary>
    public static bool HasProblem(RpcException fault, [NotNullWhen(true)] out V1.AcmeProblem? problem) => (problem = AcmeProblems.Find(fault)) is not null;

    private void Change(Reach to, string detail)
    {
        var from = (Reach)Interlocked.Exchange(ref reach, (int)to);
        if (from == to) return;
        switch (to)
        {
            case Reach.Reachable when from != Reach.Unknown:
                log.Back();
                break;
            case Reach.Unreachable:
                log.Away(detail);
                break;
            case Reach.Refused:
                log.Refused(detail);
                break;
        }
    }
}

using System.Net.Sockets;
using Google.Rpc;
using Grpc.Core;

namespace GrpcCa.AdminCli.Connection;

/// <summary>Turns a failed call into what the person reads and the script tests: the server's own details first.</summary>
internal static class RpcFailures
{
    /// <param name="fault">The failed call.</param>
    /// <param name="address">Whom it was made to.</param>
    /// <param name="distrust">Why the server's certificate was refused; null when it was not.</param>
    public static CliFailure Of(RpcException fault, ServerAddress address, string? distrust)
    {
        // What the connection itself has to say arrives wrapped several times.
        for (var cause = fault.Status.DebugException; cause is not null; cause = cause.InnerException)
            if (cause is SocketException socket && address.Socket is { } path) return SocketFailures.Of(socket, path);
        if (distrust is not null)
            return new CliFailure(ExitCodes.Unreachable, "UNREACHABLE", $"{address} is not the control plane of the login: {distrust}",
                "if the CA was made anew, log in again with a new token", fault);

        var status = fault.GetRpcStatus();
        var info = status?.GetDetail<ErrorInfo>();
        var request = status?.GetDetail<RequestInfo>();
        if (info is { Reason: "APPROVAL_REQUIRED" } && info.Metadata.TryGetValue("approval", out var approval))
        {
            var id = approval[(approval.IndexOf('/') + 1)..];
            return new CliFailure(ExitCodes.ApprovalPending, Word(fault.StatusCode), Sentence(fault, status, address),
                $"another operator runs 'grpcca approval approve {id}'; 'grpcca approval show {id}' tells what becomes of it", fault) { Reason = info.Reason };
        }
        return new CliFailure(ExitCodeOf(fault.StatusCode), Word(fault.StatusCode), Sentence(fault, status, address), Hint(fault.StatusCode, address, request), fault)
        {
            Reason = info?.Reason ?? "",
            Fields = FieldsOf(status),
        };
    }

    /// <summary>Whether the failure concerns this resource, as far as the server says which one.</summary>
    public static bool IsAbout(RpcException fault, string resource) =>
        fault.GetRpcStatus()?.GetDetail<ResourceInfo>() is not { ResourceName.Length: > 0 } info || info.ResourceName == resource;

    private static int ExitCodeOf(StatusCode code) => code switch
    {
        StatusCode.NotFound => ExitCodes.NotFound,
        StatusCode.PermissionDenied or StatusCode.Unauthenticated => ExitCodes.NotAllowed,
        StatusCode.Unavailable or StatusCode.DeadlineExceeded => ExitCodes.Unreachable,
        _ => ExitCodes.Failed,
    };

    private static string Sentence(RpcException fault, Google.Rpc.Status? status, ServerAddress address)
    {
        var detail = status is { Message.Length: > 0 } ? status.Message : fault.Status.Detail;
        var resource = status?.GetDetail<ResourceInfo>();
        if (fault.StatusCode == StatusCode.DeadlineExceeded) return $"{address} did not answer in time";
        if (fault.StatusCode == StatusCode.Unavailable && status is null) return $"cannot reach {address}: {InnermostMessage(fault)}";
        if (fault.StatusCode == StatusCode.Unimplemented && status is null) return $"{address} does not know this command: {detail}";
        if (resource is { ResourceName.Length: > 0 } && !detail.Contains(resource.ResourceName, StringComparison.Ordinal)) detail += $" ({resource.ResourceName})";
        return detail.Length > 0 ? detail : Word(fault.StatusCode);
    }

    private static string? Hint(StatusCode code, ServerAddress address, RequestInfo? request) => code switch
    {
        StatusCode.Unauthenticated when address.Socket is null => "log in with 'grpcca login TOKEN'; an owner makes tokens with 'grpcca operator create ID --role …'",
        StatusCode.DeadlineExceeded => "a longer --timeout may help",
        StatusCode.Aborted => "somebody changed it in between; look at it and try again",
        StatusCode.Unavailable => "is the control plane running?",
        StatusCode.Unimplemented => "is the server older than this program?",
        // An internal error tells nothing by itself; refusals do.
        StatusCode.Internal or StatusCode.Unknown when request is { RequestId.Length: > 0 } => $"the server's log tells more about request {request.RequestId}",
        _ => null,
    };

    private static List<FieldFault> FieldsOf(Google.Rpc.Status? status)
    {
        var faults = new List<FieldFault>();
        if (status?.GetDetail<BadRequest>() is { } bad)
            faults.AddRange(bad.FieldViolations.Select(v => new FieldFault(v.Field, v.Description)));
        if (status?.GetDetail<PreconditionFailure>() is { } failed)
            faults.AddRange(failed.Violations.Select(v => new FieldFault(v.Subject, v.Description)));
        return faults;
    }

    private static string InnermostMessage(RpcException fault)
    {
        Exception? cause = fault.Status.DebugException;
        while (cause?.InnerException is not null) cause = cause.InnerException;
        return cause?.Message ?? fault.Status.Detail;
    }

    /// <summary>The status as the gRPC specification writes it: <c>NOT_FOUND</c>.</summary>
    private static string Word(StatusCode code) => string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + c : c.ToString())).ToUpperInvariant();
}

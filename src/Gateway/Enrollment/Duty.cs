using System.Security.Cryptography;
using Grpc.Core;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Host.Identity;
using GrpcCa.Protocol.Identity;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>
/// Something a gateway does again and again without being asked. A failure is logged once per cause and tried again
/// after a growing wait; it never stops the gateway.
/// </summary>
internal abstract class Duty(string name, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2), SetBack = TimeSpan.FromSeconds(5);
    private int failures;
    private string? lastFault;
    private DateTimeOffset retryAt, looked;

    /// <summary>When it has to be done the next time.</summary>
    public DateTimeOffset DueAt => failures > 0 ? retryAt : Due;

    protected abstract DateTimeOffset Due { get; }

    protected virtual TimeSpan LongestWait => TimeSpan.FromMinutes(5);

    protected TimeProvider Time => time;

    protected ILogger Log => log;

    protected abstract Task DoAsync(CancellationToken ct);

    /// <summary>Does it when it is due.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        // What is due by a clock that was set back since would wait for as long as that was.
        var isSetBack = looked - now > SetBack;
        looked = now;
        if (DueAt > now && !isSetBack) return;
        try
        {
            await DoAsync(ct);
            if (failures > 0) log.DutyRecovered(name);
            (failures, lastFault) = (0, null);
        }
        catch (Exception fault) when (!ct.IsCancellationRequested
            && fault is RpcException or BrokenCircuitException or IdentityException or InvalidDataException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            var cause = fault is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : fault.Message;
            // An open circuit is the same fault once more.
            if (cause != lastFault && fault is not BrokenCircuitException) log.DutyFailed(name, lastFault = cause);
            var wait = FirstWait * Math.Pow(2, Math.Min(failures++, 16));
            retryAt = time.GetUtcNow() + (wait < LongestWait ? wait : LongestWait);
        }
    }
}

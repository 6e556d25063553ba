using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace GrpcCa.ControlPlane.Api;

/// <summary>
/// Bounds what those may hold who show no certificate: gRPC reads a request's whole message before the interceptors ask who calls, so that
/// anybody who reaches the port could fill the memory with messages that never end, or keep everybody else out with messages that hardly move.
/// </summary>
internal sealed class StrangersGate(StrangersOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<IPAddress, int> byAddress = new();
    private int inside;

    /// <summary>Calls that are being answered or refused.</summary>
    public int Inside => Volatile.Read(ref inside);

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!IsStranger(http))
        {
            await next(http);
            return;
        }
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        try
        {
            // Both are counted before either is judged, so that leaving is the same for all.
            var all = Interlocked.Increment(ref inside);
            var here = byAddress.AddOrUpdate(address, 1, (_, count) => count + 1);
            if (here > options.MaxCallsPerAddress) Refuse(http, $"{options.MaxCallsPerAddress} calls without a client certificate from {address} are", nameof(options.MaxCallsPerAddress));
            else if (all > options.MaxCalls) Refuse(http, $"{options.MaxCalls} calls without a client certificate are", nameof(options.MaxCalls));
            else await AdmitAsync(http, next);
        }
        finally
        {
            Interlocked.Decrement(ref inside);
            Leave(address);
        }
    }

    private async Task AdmitAsync(HttpContext http, RequestDelegate next)
    {
        using var late = new CancellationTokenSource(options.Within, time);
        http.Features.Set<IRequestBodyPipeFeature>(new BoundedBody(http.Request.BodyReader, options, late.Token));
        await next(http);
    }

    private void Leave(IPAddress address)
    {
        // Whoever counts to nought takes the entry away, unless another has come meanwhile.
        if (byAddress.AddOrUpdate(address, 0, (_, count) => count - 1) == 0) byAddress.TryRemove(KeyValuePair.Create(address, 0));
    }

    // The admin socket lets in this program's own user and root alone.
    private static bool IsStranger(HttpContext http) =>
        http.Connection.ClientCertificate is null && http.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily != AddressFamily.Unix;

    // A status without a message, in headers alone (the gRPC protocol's Trailers-Only).
    private static void Refuse(HttpContext http, string who, string option)
    {
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = StatusCode.ResourceExhausted.ToString("D");
        http.Response.Headers["grpc-message"] = Uri.EscapeDataString($"{who} being answered, and no more may be at once (Strangers:{option}); try again");
    }

    // A message is held until all of it has come.
    private sealed class BoundedBody(PipeReader body, StrangersOptions options, CancellationToken late) : PipeReader, IRequestBodyPipeFeature
    {
        public PipeReader Reader => this;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late);
            try
            {
                return Bounded(await body.ReadAsync(either.Token));
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested)
            {
                throw new RpcException(new Status(StatusCode.DeadlineExceeded,
                    $"the request of a call without a client certificate took more than {options.Within.TotalSeconds:0} s to come (Strangers:{nameof(options.Within)})"));
            }
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!body.TryRead(out result)) return false;
            Bounded(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => body.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => body.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => body.CancelPendingRead();

        public override void Complete(Exception? exception = null) => body.Complete(exception);

        private ReadResult Bounded(ReadResult read) => read.Buffer.Length <= options.MaxBytes ? read : throw new RpcException(new Status(
            StatusCode.ResourceExhausted, $"a call without a client certificate may bring {options.MaxBytes} bytes (Strangers:{nameof(options.MaxBytes)})"));
    }
}

using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace GrpcCa.ControlPlane.Api;

/// <summary>
/// Bounds what those may hold who show no certificate: gRPC reads a request's whole message before the interceptors ask who calls, so that
/// anybody who reaches the port could fill the memory with messages that never end.
/// </summary>
internal sealed class StrangersGate(ControlPlaneOptions options)
{
    /// <summary>Bytes of a stranger's request: the largest, CreateCertificate, has a signing request and a credential of 32 KiB each.</summary>
    public const int LargestRequest = 128 * 1024;

    private int inside;

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!IsStranger(http))
        {
            await next(http);
            return;
        }
        try
        {
            if (Interlocked.Increment(ref inside) > options.MaxStrangerCalls)
            {
                Refuse(http);
                return;
            }
            http.Features.Set<IRequestBodyPipeFeature>(new BoundedBody(http.Request.BodyReader));
            await next(http);
        }
        finally
        {
            Interlocked.Decrement(ref inside);
        }
    }

    // The admin socket lets in this program's own user and root alone.
    private static bool IsStranger(HttpContext http) =>
        http.Connection.ClientCertificate is null && http.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily != System.Net.Sockets.AddressFamily.Unix;

    // A status without a message, in headers alone (the gRPC protocol's Trailers-Only).
    private void Refuse(HttpContext http)
    {
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = StatusCode.ResourceExhausted.ToString("D");
        http.Response.Headers["grpc-message"] = Uri.EscapeDataString(
            $"{options.MaxStrangerCalls} calls without a client certificate are being answered, and no more may be at once (Grpc:MaxStrangerCalls); try again");
    }

    // A message is held until all of it has come.
    private sealed class BoundedBody(PipeReader body) : PipeReader, IRequestBodyPipeFeature
    {
        public PipeReader Reader => this;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Bounded(await body.ReadAsync(cancellationToken));

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

        private static ReadResult Bounded(ReadResult read) => read.Buffer.Length <= LargestRequest ? read : throw new RpcException(new Status(
            StatusCode.ResourceExhausted, $"a call without a client certificate may bring {LargestRequest} bytes"));
    }
}

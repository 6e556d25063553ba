using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.Host;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace GrpcCa.ControlPlane.Api;

/// <summary>
/// Bounds what those may hold who show no certificate: gRPC reads and parses a request before the interceptors ask who calls, so that
/// anybody who reaches the port could fill the memory with messages that never end, or keep everybody else out with messages that hardly move.
/// </summary>
internal sealed class StrangersGate(StrangersOptions options, AccessRules rules, TimeProvider time)
{
    // What Kestrel holds of an answer before who writes has to wait.
    private const int HeldOfAnswer = 64 * 1024;

    private readonly Places places = new(options.MaxCalls, options.MaxCallsPerAddress);

    /// <summary>Calls that are being answered.</summary>
    public int Inside => places.Taken;

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!IsStranger(http))
        {
            await next(http);
            return;
        }
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        using var place = places.Take(address, out var isHosts);
        if (place is not null) await AdmitAsync(http, next);
        else if (isHosts) Refuse(http, $"{options.MaxCallsPerAddress} calls without a client certificate from {ClientNetwork.Of(address)} are", nameof(options.MaxCallsPerAddress));
        else Refuse(http, $"{options.MaxCalls} calls without a client certificate are", nameof(options.MaxCalls));
    }

    private async Task AdmitAsync(HttpContext http, RequestDelegate next)
    {
        using var late = new CancellationTokenSource(options.Within, time);
        var isOpen = rules.Allows(http.Request.Path.Value ?? "", Caller.Anonymous);
        http.Features.Set<IRequestBodyPipeFeature>(isOpen ? new BoundedBody(http.Request.BodyReader, options, late.Token) : new EmptyBody());
        await next(http);
        // The place is kept until the bulk of the answer, a revocation list perhaps, is taken.
        if (http.Response.BodyWriter is { CanGetUnflushedBytes: true, UnflushedBytes: > HeldOfAnswer } writer) await writer.FlushAsync(http.RequestAborted);
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

    /// <summary>In place of a request to a method that is not open to strangers, which is not read: an empty message, for the refusal.</summary>
    private sealed class EmptyBody : IRequestBodyPipeFeature
    {
        // Not compressed, no bytes.
        public PipeReader Reader { get; } = PipeReader.Create(new ReadOnlySequence<byte>(new byte[5]));
    }

    /// <summary>
    /// Hands on a request when all of it is there. What gRPC makes of a message can be a hundred times as large; so it lives for as long as the
    /// call is being answered, and not until its sender comes to an end.
    /// </summary>
    private sealed class BoundedBody(PipeReader body, StrangersOptions options, CancellationToken late) : PipeReader, IRequestBodyPipeFeature
    {
        public PipeReader Reader => this;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late);
            try
            {
                while (true)
                {
                    var read = await body.ReadAsync(either.Token);
                    if (IsWhole(read)) return read;
                    body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                }
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
            if (IsWhole(result)) return true;
            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            result = default;
            return false;
        }

        public override void AdvanceTo(SequencePosition consumed) => body.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => body.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => body.CancelPendingRead();

        public override void Complete(Exception? exception = null) => body.Complete(exception);

        private bool IsWhole(ReadResult read) => read.Buffer.Length <= options.MaxBytes ? read.IsCompleted || read.IsCanceled : throw new RpcException(new Status(
            StatusCode.ResourceExhausted, $"a call without a client certificate may bring {options.MaxBytes} bytes (Strangers:{nameof(options.MaxBytes)})"));
    }
}

using System.Collections.Frozen;
using Grpc.Core;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>How one reason is told.</summary>
/// <param name="Code">To gRPC callers.</param>
/// <param name="AcmeType">To ACME clients, without <c>urn:ietf:params:acme:error:</c>.</param>
/// <param name="HttpStatus">To ACME clients.</param>
internal sealed record RefusalRow(StatusCode Code, string AcmeType, int HttpStatus);

/// <summary>The one table from a refusal's reason to what the wire says. A test wants a row for every reason.</summary>
internal static class RefusalTable
{
    private static readonly FrozenDictionary<RefusalReason, RefusalRow> Rows = new Dictionary<RefusalReason, RefusalRow>
    {
        // RFC 8555 §6.7, RFC 9773 §7.4, draft-ietf-acme-profiles.
        [RefusalReason.AccountDoesNotExist] = new(StatusCode.NotFound, "accountDoesNotExist", 400),
        [RefusalReason.AlreadyReplaced] = new(StatusCode.FailedPrecondition, "alreadyReplaced", 409),
        [RefusalReason.AlreadyRevoked] = new(StatusCode.FailedPrecondition, "alreadyRevoked", 400),
        [RefusalReason.BadCsr] = new(StatusCode.InvalidArgument, "badCSR", 400),
        [RefusalReason.BadNonce] = new(StatusCode.InvalidArgument, "badNonce", 400),
        [RefusalReason.BadPublicKey] = new(StatusCode.InvalidArgument, "badPublicKey", 400),
        [RefusalReason.BadRevocationReason] = new(StatusCode.InvalidArgument, "badRevocationReason", 400),
        [RefusalReason.BadSignatureAlgorithm] = new(StatusCode.InvalidArgument, "badSignatureAlgorithm", 400),
        [RefusalReason.Caa] = new(StatusCode.FailedPrecondition, "caa", 403),
        [RefusalReason.Connection] = new(StatusCode.FailedPrecondition, "connection", 400),
        [RefusalReason.Dns] = new(StatusCode.FailedPrecondition, "dns", 400),
        [RefusalReason.ExternalAccountRequired] = new(StatusCode.FailedPrecondition, "externalAccountRequired", 403),
        [RefusalReason.IncorrectResponse] = new(StatusCode.FailedPrecondition, "incorrectResponse", 403),
        [RefusalReason.InvalidContact] = new(StatusCode.InvalidArgument, "invalidContact", 400),
        [RefusalReason.InvalidProfile] = new(StatusCode.InvalidArgument, "invalidProfile", 400),
        [RefusalReason.Malformed] = new(StatusCode.InvalidArgument, "malformed", 400),
        [RefusalReason.OrderNotReady] = new(StatusCode.FailedPrecondition, "orderNotReady", 403),
        [RefusalReason.RateLimited] = new(StatusCode.ResourceExhausted, "rateLimited", 429),
        [RefusalReason.RejectedIdentifier] = new(StatusCode.FailedPrecondition, "rejectedIdentifier", 403),
        [RefusalReason.ServerInternal] = new(StatusCode.Internal, "serverInternal", 500),
        [RefusalReason.Tls] = new(StatusCode.FailedPrecondition, "tls", 400),
        [RefusalReason.Unauthorized] = new(StatusCode.PermissionDenied, "unauthorized", 403),
        [RefusalReason.UnsupportedContact] = new(StatusCode.InvalidArgument, "unsupportedContact", 400),
        [RefusalReason.UnsupportedIdentifier] = new(StatusCode.InvalidArgument, "unsupportedIdentifier", 400),
        [RefusalReason.UserActionRequired] = new(StatusCode.FailedPrecondition, "userActionRequired", 403),
        [RefusalReason.AcmeNotFound] = new(StatusCode.NotFound, "malformed", 404),
        [RefusalReason.AccountNotValid] = new(StatusCode.PermissionDenied, "unauthorized", 401),
        [RefusalReason.KeyInUse] = new(StatusCode.AlreadyExists, "malformed", 409),

        // The admin plane. Where one of these ends an ACME call, it is about the request's frame (400, 404, 409), or
        // about the gateway, which is our fault in the client's eyes.
        [RefusalReason.InvalidArgument] = new(StatusCode.InvalidArgument, "malformed", 400),
        [RefusalReason.NotFound] = new(StatusCode.NotFound, "malformed", 404),
        [RefusalReason.AlreadyExists] = new(StatusCode.AlreadyExists, "malformed", 409),
        [RefusalReason.Conflict] = new(StatusCode.Aborted, "serverInternal", 500),
        [RefusalReason.FailedPrecondition] = new(StatusCode.FailedPrecondition, "malformed", 400),
        [RefusalReason.PermissionDenied] = new(StatusCode.PermissionDenied, "serverInternal", 500),
        [RefusalReason.Unauthenticated] = new(StatusCode.Unauthenticated, "serverInternal", 500),
        [RefusalReason.ResourceExhausted] = new(StatusCode.ResourceExhausted, "rateLimited", 429),
        [RefusalReason.Unavailable] = new(StatusCode.Unavailable, "serverInternal", 503),
    }.ToFrozenDictionary();

    public static RefusalRow Of(RefusalReason reason) => Rows[reason];

    public static bool Has(RefusalReason reason) => Rows.ContainsKey(reason);
}

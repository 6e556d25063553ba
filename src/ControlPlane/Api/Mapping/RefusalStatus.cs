using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>A refusal as google.rpc.Status (AIP-193), with an AcmeProblem where an ACME client waits for one.</summary>
internal static class RefusalStatus
{
    private const string Domain = "grpcca";
    private const int LongestDetail = 1000;

    /// <summary>When our own faults are worth another try.</summary>
    private static readonly TimeSpan OurFaultRetryAfter = TimeSpan.FromSeconds(10);

    /// <param name="refusal">What the room said.</param>
    /// <param name="context">The call; its request id goes into the answer.</param>
    /// <param name="reasonWord">Another word for <c>ErrorInfo.reason</c> than the reason's own.</param>
    /// <param name="metadata">What a program needs besides the word.</param>
    public static Google.Rpc.Status Of(
        RefusalException refusal, ServerCallContext context, string? reasonWord = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var row = RefusalTable.Of(refusal.Reason);
        var requestId = context.RequestId();
        var retryAfter = refusal.RetryAfter ?? (row.HttpStatus >= 500 ? OurFaultRetryAfter : null);
        var status = new Google.Rpc.Status { Code = (int)row.Code, Message = Sentence(refusal.Detail) };
        var info = new ErrorInfo { Domain = Domain, Reason = reasonWord ?? ScreamingSnake(refusal.Reason.ToString()) };
        if (metadata is not null) info.Metadata.Add(metadata.ToDictionary());
        status.Details.Add(Any.Pack(info));
        status.Details.Add(Any.Pack(new RequestInfo { RequestId = requestId }));
        if (refusal.Field is not null) status.Details.Add(Any.Pack(Violations([new(refusal.Field, refusal.Detail)])));
        if (retryAfter is { } delay) status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
        if (ApiServices.IsAcme(context.Method)) status.Details.Add(Any.Pack(Problem(refusal, row, context, retryAfter)));
        return status;
    }

    /// <summary>A request whose fields are wrong: every one of them by its path.</summary>
    public static Google.Rpc.Status OfViolations(IReadOnlyList<FieldViolation> violations, ServerCallContext context)
    {
        var sentence = string.Join("; ", violations.Select(v => $"{v.Path}: {v.Fault}"));
        var status = Of(new RefusalException(RefusalReason.InvalidArgument, sentence), context);
        status.Details.Insert(1, Any.Pack(Violations(violations)));
        return status;
    }

    /// <summary>ACCOUNT_DOES_NOT_EXIST for AccountDoesNotExist.</summary>
    public static string ScreamingSnake(string pascal)
    {
        var text = new StringBuilder(pascal.Length + 8);
        for (var i = 0; i < pascal.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(pascal[i])) text.Append('_');
            text.Append(char.ToUpperInvariant(pascal[i]));
        }
        return text.ToString();
    }

    private static AcmeProblem Problem(RefusalException refusal, RefusalRow row, ServerCallContext context, TimeSpan? retryAfter)
    {
        var problem = new AcmeProblem
        {
            Type = row.AcmeType,
            Status = row.HttpStatus,
            Detail = Sentence(refusal.Detail),
            Instance = context.RequestId(),
            TermsOfServiceUrl = refusal.TermsOfServiceUrl ?? "",
            HelpUrl = refusal.HelpUrl ?? "",
            Location = refusal.ConflictingAccountId is { } id ? context.AccountUrl(id) ?? "" : "",
        };
        foreach (var part in refusal.Parts)
            problem.Subproblems.Add(new AcmeSubproblem
            {
                Type = RefusalTable.Of(part.Reason).AcmeType,
                Detail = Sentence(part.Detail),
                Identifier = new AcmeIdentifier { Type = part.NameType, Value = part.Name },
            });
        // RFC 8555 §6.2: the algorithms that would do.
        if (refusal.Reason == RefusalReason.BadSignatureAlgorithm) problem.Algorithms.Add(["ES256", "ES384", "ES512", "RS256", "EdDSA"]);
        if (retryAfter is { } delay) problem.RetryAfter = Duration.FromTimeSpan(delay);
        return problem;
    }

    private static BadRequest Violations(IEnumerable<FieldViolation> violations)
    {
        var bad = new BadRequest();
        foreach (var violation in violations)
            bad.FieldViolations.Add(new BadRequest.Types.FieldViolation { Field = violation.Path, Description = Sentence(violation.Fault) });
        return bad;
    }

    // Details travel in a trailer and end up on terminals: no control characters, no novels.
    private static string Sentence(string text)
    {
        if (text.Length <= LongestDetail && !text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.Contains('\x7f', StringComparison.Ordinal)) return text;
        var safe = new StringBuilder(Math.Min(text.Length, LongestDetail) + 1);
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, LongestDetail))) safe.Append(char.IsControl(c) ? '\uFFFD' : c);
        return text.Length > LongestDetail ? safe.Append('…').ToString() : safe.ToString();
    }
}

/// <summary>A field of the request that is wrong, by its path in proto notation.</summary>
internal sealed record FieldViolation(string Path, string Fault);

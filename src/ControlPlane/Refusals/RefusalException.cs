namespace GrpcCa.ControlPlane.Refusals;

/// <summary>
/// The one way a room says no: a reason from the list, a sentence for the person who asked, parts per name.
/// The edge turns it into a status and an ACME problem; any other exception is an internal fault without a story.
/// </summary>
internal class RefusalException(RefusalReason reason, string detail) : Exception(detail)
{
    public RefusalReason Reason => reason;

    /// <summary>The sentence: which name, which rule, which address, what came back. Never a secret.</summary>
    public string Detail => Message;

    /// <summary>One for each name that is wrong (RFC 8555 §6.7.1); empty when the whole request is.</summary>
    public IReadOnlyList<RefusalPart> Parts { get; init; } = [];

    /// <summary>The request field that is wrong, in proto notation; for <c>BadRequest</c> details.</summary>
    public string? Field { get; init; }

    /// <summary>When asking again makes sense.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The account that a refused key change collides with (RFC 8555 §7.3.5).</summary>
    public string? ConflictingAccountId { get; init; }

    /// <summary>Terms to agree to (RFC 8555 §7.3.3).</summary>
    public string? TermsOfServiceUrl { get; init; }

    /// <summary>A page that says more (RFC 8555 §6.6).</summary>
    public string? HelpUrl { get; init; }
}

/// <summary>A part of a refusal: one name, of a type as ACME writes it, and what is wrong with it.</summary>
internal sealed record RefusalPart(RefusalReason Reason, string Detail, string NameType, string Name);

/// <summary>Why something was refused. The first group are ACME's error types (RFC 8555 §6.7, RFC 9773, profiles draft).</summary>
internal enum RefusalReason
{
    AccountDoesNotExist = 1,
    AlreadyReplaced,
    AlreadyRevoked,
    BadCsr,
    BadNonce,
    BadPublicKey,
    BadRevocationReason,
    BadSignatureAlgorithm,
    Caa,
    Connection,
    Dns,
    ExternalAccountRequired,
    IncorrectResponse,
    InvalidContact,
    InvalidProfile,
    Malformed,
    OrderNotReady,
    RateLimited,
    RejectedIdentifier,
    ServerInternal,
    Tls,
    Unauthorized,
    UnsupportedContact,
    UnsupportedIdentifier,
    UserActionRequired,

    /// <summary>An ACME resource that is not there: malformed with status 404.</summary>
    AcmeNotFound,
    /// <summary>An account that is deactivated or revoked: unauthorized with status 401 (RFC 8555 §7.3.6).</summary>
    AccountNotValid,
    /// <summary>A key that another account has: malformed with status 409 (RFC 8555 §7.3.5).</summary>
    KeyInUse,

    // The admin plane.
    InvalidArgument,
    NotFound,
    AlreadyExists,
    Conflict,
    FailedPrecondition,
    PermissionDenied,
    Unauthenticated,
    ResourceExhausted,
    Unavailable,
}

using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>
/// Looks once whether a challenge is answered. It stores nothing and decides nothing but its own outcome; the worker
/// retries and records. A failure is an outcome, not an exception.
/// </summary>
internal interface IChallengeValidator
{
    /// <summary>The type, such as <c>http-01</c>.</summary>
    string Type { get; }

    Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken);
}

/// <summary>What to look for, and within which bounds.</summary>
/// <param name="Identifier">The name, without <c>*.</c>.</param>
/// <param name="Token">The challenge's token.</param>
/// <param name="KeyAuthorization">token "." base64url(thumbprint) (RFC 8555 §8.1).</param>
/// <param name="Bounds">Where it may dial.</param>
internal sealed record ChallengeTask(Identifier Identifier, string Token, string KeyAuthorization, ValidationBounds Bounds)
{
    /// <summary>Whether the proof is to be good for <c>*.</c> of the name.</summary>
    public bool Wildcard { get; init; }

    /// <summary>The account's URL below every base URL of the provisioner, the current ones first.</summary>
    public ImmutableArray<string> AccountUrls { get; init; } = [];

    /// <summary>The domain names this CA goes by in DNS records.</summary>
    public ImmutableArray<string> IssuerDomainNames { get; init; } = [];
}

/// <summary>The provisioner's limits for validation.</summary>
/// <param name="HttpPort">http-01, and http redirects.</param>
/// <param name="HttpsPort">tls-alpn-01, and https redirects.</param>
/// <param name="Ranges">Addresses that may be dialled.</param>
/// <param name="AttemptTimeout">The whole attempt, redirects included.</param>
internal sealed record ValidationBounds(int HttpPort, int HttpsPort, ImmutableArray<IPNetwork> Ranges, TimeSpan AttemptTimeout)
{
    /// <summary>DNS servers to ask, one after the other; none asks the system's.</summary>
    public ImmutableArray<IPEndPoint> Resolvers { get; init; } = [];
}

/// <summary>How one attempt ended, with all that an operator wants to know.</summary>
internal sealed record ChallengeOutcome
{
    /// <summary>Null when the challenge is answered.</summary>
    public ChallengeFault? Fault { get; init; }

    /// <summary>What was asked for; the last URL after redirects.</summary>
    public string Url { get; init; } = "";

    public ImmutableArray<string> AddressesResolved { get; init; } = [];

    /// <summary>Address and port of the last connection; empty when none was opened.</summary>
    public string AddressDialled { get; init; } = "";

    /// <summary>Zero when no response came.</summary>
    public int HttpStatus { get; init; }

    public long BytesRead { get; init; }

    /// <summary>The end that the proof itself names (dns-persist-01); null when it names none.</summary>
    public DateTimeOffset? GoodUntil { get; init; }
}

/// <summary>Why an attempt failed.</summary>
/// <param name="Reason">Connection, Dns, Tls, Unauthorized, IncorrectResponse or Caa.</param>
/// <param name="Detail">A sentence with the address dialled, the URL, the status and a safe excerpt.</param>
/// <param name="MayRetry">False when another attempt cannot end otherwise (a forbidden address, say).</param>
internal sealed record ChallengeFault(RefusalReason Reason, string Detail, bool MayRetry = true);

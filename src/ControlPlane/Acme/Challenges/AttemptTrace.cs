using System.Collections.Immutable;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>What one attempt did so far; becomes its outcome, however it ends.</summary>
internal sealed class AttemptTrace
{
    public string Url { get; set; } = "";

    public ImmutableArray<string> AddressesResolved { get; set; } = [];

    public string AddressDialled { get; set; } = "";

    public int HttpStatus { get; set; }

    public long BytesRead { get; set; }

    public DateTimeOffset? GoodUntil { get; set; }

    /// <summary>What is being done, for the sentence about a timeout.</summary>
    public string Phase { get; set; } = "starting";

    /// <summary>The reason a timeout in this phase has.</summary>
    public RefusalReason PhaseReason { get; set; } = RefusalReason.Connection;

    public void Enter(string phase, RefusalReason reason = RefusalReason.Connection)
    {
        Phase = phase;
        PhaseReason = reason;
    }

    public ChallengeOutcome Outcome(ChallengeFault? fault) => new()
    {
        Fault = fault,
        Url = Url,
        AddressesResolved = AddressesResolved,
        AddressDialled = AddressDialled,
        HttpStatus = HttpStatus,
        BytesRead = BytesRead,
        GoodUntil = GoodUntil,
    };
}

/// <summary>Ends an attempt from wherever it is; the validator turns it into the outcome.</summary>
internal sealed class AttemptFailedException(ChallengeFault fault) : Exception(fault.Detail)
{
    public AttemptFailedException(RefusalReason reason, string detail, bool mayRetry = true) : this(new ChallengeFault(reason, detail, mayRetry))
    {
    }

    public ChallengeFault Fault => fault;
}

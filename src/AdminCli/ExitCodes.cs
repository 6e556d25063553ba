namespace GrpcCa.AdminCli;

/// <summary>What the process says to a script; the numbers never change meaning and are listed in the root's help.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int NotAllowed = 4;
    public const int Unreachable = 5;
    public const int NameRefused = 6;
    public const int ApprovalPending = 7;
    public const int Interrupted = 130;

    /// <summary>Every code with its sentence, in the order help prints them.</summary>
    public static readonly IReadOnlyList<(int Code, string Meaning)> All =
    [
        (Ok, "done"),
        (Failed, "refused by the server, or failed"),
        (Usage, "the command line is wrong; nothing was sent"),
        (NotFound, "there is no such thing"),
        (NotAllowed, "not allowed: no identity, or its role does not suffice"),
        (Unreachable, "the server cannot be reached, or did not answer in time"),
        (NameRefused, "'names test': the name would be refused"),
        (ApprovalPending, "not done yet: another operator has to approve it ('grpcca approval')"),
        (Interrupted, "interrupted by Ctrl-C"),
    ];
}

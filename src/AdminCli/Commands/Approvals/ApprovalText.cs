using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary>Words for where an approval stands.</summary>
internal static class ApprovalText
{
    public static string[] StateWords { get; } = ["pending", "approved", "done", "failed", "rejected", "expired"];

    public static Cell State(Approval approval) => approval.State switch
    {
        Approval.Types.State.Pending => new("pending", Tone.Warning),
        Approval.Types.State.Approved => new("approved, outcome unknown", Tone.Bad),
        Approval.Types.State.Done => new("done", Tone.Good),
        Approval.Types.State.Failed => new("failed", Tone.Bad),
        Approval.Types.State.Rejected => new("rejected", Tone.Bad),
        Approval.Types.State.Expired => new("expired", Tone.Bad),
        _ => new("unknown"),
    };

    public static IEnumerable<Field> Fields(Approval approval, DateTimeOffset now) =>
    [
        new("Approval", Ids.Short(approval.Name)),
        new("State", State(approval)),
        new("Would", approval.Summary),
        new("Asked by", approval.Asker),
        new("Asked", Cell.Of(approval.CreateTime)),
        new("Until", When.FormatWithDistance(approval.ExpireTime, now)),
        new("Decided by", approval.Decider.Length > 0 ? approval.Decider : Cell.Nothing),
        new("Decided", Cell.Of(approval.DecideTime)),
        new("Outcome", approval.Outcome.Length > 0 ? approval.Outcome : Cell.Nothing),
        new("Method", approval.Method),
        new("Request", approval.RequestJson),
        new("SHA-256", approval.RequestSha256),
    ];
}

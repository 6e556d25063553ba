namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary><c>grpcca approval</c></summary>
internal sealed class ApprovalNoun() : Noun("approval", "Acts that wait for a second operator, and what demands one.",
    new List(), new Show(), new Approve(), new Reject(), new Demands(), new Require(), new Waive());

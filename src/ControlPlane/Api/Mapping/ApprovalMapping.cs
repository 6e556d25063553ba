using Google.Protobuf;
using GrpcCa.ControlPlane.Approvals;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Approvals between the wire and the room.</summary>
internal static class ApprovalMapping
{
    public static Approval ToProto(ApprovalRecord record, DateTimeOffset now) => new()
    {
        Name = record.Name,
        State = (Approval.Types.State)(int)record.StateAt(now),
        Summary = record.Summary,
        Method = record.Method,
        RequestJson = RequestOf(record) is { } request ? JsonFormatter.Default.Format(request) : "",
        RequestSha256 = Convert.ToHexStringLower(record.Digest),
        Resource = record.Resource,
        Asker = record.Asker,
        CreateTime = Wire.Time(record.CreatedAt),
        ExpireTime = Wire.Time(record.ExpiresAt),
        Decider = record.Decider,
        DecideTime = Wire.Time(record.DecidedAt),
        Outcome = record.Outcome,
    };

    public static ApprovalDemand ToProto(Demand demand) => new()
    {
        Resource = demand.Resource,
        Required = true,
        Creator = demand.Creator,
        CreateTime = Wire.Time(demand.CreatedAt),
    };

    /// <summary>The request as it was asked; null when this program no longer knows its RPC.</summary>
    public static IMessage? RequestOf(ApprovalRecord record) =>
        ApiServices.Methods().FirstOrDefault(m => m.Key == record.Method).Value?.InputType.Parser.ParseFrom(record.Request);
}

using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using AuditEvent = GrpcCa.V1.AuditEvent;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Events of the audit on the wire.</summary>
internal static class AuditMapping
{
    public static AuditEvent ToProto(AuditEntry entry) => new()
    {
        Name = ResourceName.Of(ResourceName.AuditEvents, entry.Id),
        CreateTime = Wire.Time(entry.Event.Time),
        Action = entry.Event.Action,
        Actor = entry.Event.Actor,
        Resource = entry.Event.Resource,
        CanonicalJson = System.Text.Encoding.UTF8.GetString(entry.Canonical),
        Sha256 = Convert.ToHexStringLower(entry.Sha256),
    };
}

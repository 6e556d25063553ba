using GrpcCa.ControlPlane.Operators;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Operators between the wire and the room.</summary>
internal static class OperatorMapping
{
    public static Operator ToProto(OperatorRecord record) => new()
    {
        Name = record.Name,
        Role = (Role)(int)record.Role,
        Disabled = record.Disabled,
        CreateTime = Wire.Time(record.CreatedAt),
        EnrollTime = Wire.Time(record.Identity.EnrolledAt),
        IdentityExpireTime = Wire.Time(record.Identity.ExpiresAt),
        Provisioners = { record.ProvisionerIds.Select(p => ResourceName.Of(ResourceName.Provisioners, p)) },
        Etag = record.Etag,
    };

    /// <summary>What the request wants an operator to be.</summary>
    public static OperatorDraft ToDraft(Operator wire, FieldChanges changes) => new()
    {
        Role = changes.Of("role", wire.Role != Role.Unspecified) ? ToRole(wire.Role) : null,
        ProvisionerIds = changes.Of("provisioners", wire.Provisioners.Count > 0)
            ? [.. wire.Provisioners.Select((p, i) => Wire.Id(p, ResourceName.Provisioners, $"operator.provisioners[{i}]")).Distinct(StringComparer.Ordinal)]
            : null,
    };

    /// <summary>The same numbers; whether an operator can have the role is the room's to say.</summary>
    public static OperatorRole ToRole(Role role) => (OperatorRole)(int)role;
}

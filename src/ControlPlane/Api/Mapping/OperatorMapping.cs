using GrpcCa.ControlPlane.Operators;
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
    };

    /// <summary>The same numbers; whether an operator can have the role is the room's to say.</summary>
    public static OperatorRole ToRole(Role role) => (OperatorRole)(int)role;
}

namespace GrpcCa.ControlPlane.Access;

/// <summary>What a caller may be; the numbers are those of <c>grpcca.v1.Role</c>.</summary>
internal enum Role
{
    /// <summary>Anybody, also without a client certificate.</summary>
    Anyone = 1,
    /// <summary>An enrolled gateway that is not disabled.</summary>
    Gateway = 2,
    /// <summary>Reads everything, changes nothing.</summary>
    Auditor = 3,
    /// <summary>Issues and revokes.</summary>
    Issuer = 4,
    /// <summary>Manages gateways and names.</summary>
    Operator = 5,
    /// <summary>Everything.</summary>
    Owner = 6,
}

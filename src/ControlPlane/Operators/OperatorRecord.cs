using System.Collections.Immutable;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Operators;

/// <summary>What an operator may do; the numbers are those of <c>grpcca.v1.Role</c>.</summary>
internal enum OperatorRole
{
    Auditor = 3,
    Issuer = 4,
    Operator = 5,
    Owner = 6,
}

/// <summary>A person or a tool that manages the CA from elsewhere, with a client certificate.</summary>
internal sealed record OperatorRecord
{
    public required string Id { get; init; }

    public required OperatorRole Role { get; init; }

    /// <summary>The only provisioners it acts on; empty means all.</summary>
    public ImmutableArray<string> ProvisionerIds { get; init; } = [];

    public bool Disabled { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public EnrolledIdentity Identity { get; init; } = EnrolledIdentity.None;

    public long Version { get; init; } = 1;

    public string Etag => $"v{Version}";

    /// <summary>Whether it is an owner that can call: it has an identity and is not refused.</summary>
    public bool IsReadyOwner => Role == OperatorRole.Owner && !Disabled && Identity.EnrolledAt is not null;

    public string Name => ResourceName.Of(ResourceName.Operators, Id);

    public string IdentityUri => "grpcca://operator/" + Id;
}

using System.Collections.Immutable;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Operators;

/// <summary>What an owner wants an operator to be; null leaves it as it is.</summary>
internal sealed record OperatorDraft
{
    public OperatorRole? Role { get; init; }

    public ImmutableArray<string>? ProvisionerIds { get; init; }

    /// <summary>The record with the changes.</summary>
    /// <exception cref="RefusalException">InvalidArgument: no such role, or a role that cannot be bound.</exception>
    public OperatorRecord ApplyTo(OperatorRecord record)
    {
        var next = record with { Role = Role ?? record.Role, ProvisionerIds = ProvisionerIds ?? record.ProvisionerIds };
        if (!Enum.IsDefined(next.Role))
            throw new RefusalException(RefusalReason.InvalidArgument, "an operator is an auditor, issuer, operator or owner") { Field = "operator.role" };
        // An owner could unbind itself, an auditor changes nothing: a bound that holds nobody would only look like one.
        if (!next.ProvisionerIds.IsEmpty && next.Role is not (OperatorRole.Issuer or OperatorRole.Operator))
            throw new RefusalException(RefusalReason.InvalidArgument, "only an issuer or an operator can be bound to provisioners") { Field = "operator.provisioners" };
        return next;
    }
}

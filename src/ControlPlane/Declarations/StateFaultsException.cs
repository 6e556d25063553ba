using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>A document with faults, all of them: nothing of it was applied.</summary>
internal sealed class StateFaultsException(ImmutableArray<DeclaredFault> faults) : Exception($"the document has {faults.Length} faults")
{
    public ImmutableArray<DeclaredFault> Faults => faults;
}

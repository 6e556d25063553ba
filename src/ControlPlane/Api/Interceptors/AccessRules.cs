using System.Collections.Frozen;
using System.Collections.Immutable;
using Google.Protobuf.Reflection;
using GrpcCa.ControlPlane.Access;
using GrpcCa.V1;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;
using Role = GrpcCa.ControlPlane.Access.Role;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>
/// Who may call what, read once from the method options of the protos. A method of ours without a rule stops the
/// start; what is not listed is denied.
/// </summary>
internal sealed class AccessRules
{
    private readonly FrozenDictionary<string, ImmutableArray<Role>> rules;

    /// <exception cref="InvalidOperationException">A method has no rule, or one that names no role.</exception>
    public AccessRules(IEnumerable<ServiceDescriptor> services) => rules = services
        .SelectMany(s => s.Methods)
        .ToFrozenDictionary(ApiServices.PathOf, RolesOf, StringComparer.Ordinal);

    /// <summary>Whether the caller may call the method with this path.</summary>
    public bool Allows(string path, Caller caller)
    {
        // Watching stays open, and costs whoever calls nothing: for those who are known.
        if (path == "/grpc.health.v1.Health/Watch") return caller.Role != Role.Anyone;
        if (path.StartsWith("/grpc.health.v1.Health/", StringComparison.Ordinal)) return true;
        // Reflection tells the whole API: for whoever sits at the machine.
        if (path.StartsWith("/grpc.reflection.", StringComparison.Ordinal)) return caller.Kind == CallerKind.LocalAdmin;
        if (!rules.TryGetValue(path, out var roles)) return false;
        return roles.Contains(Role.Anyone) || (caller.Role != Role.Anyone && roles.Contains(caller.Role));
    }

    private static ImmutableArray<Role> RolesOf(MethodDescriptor method)
    {
        var rule = method.GetOptions()?.GetExtension(AccessExtensions.Access);
        if (rule is null || rule.Roles.Count == 0)
            throw new InvalidOperationException($"the method {method.FullName} declares no access rule in its proto");
        return [.. rule.Roles.Select(role => Enum.IsDefined((Role)(int)role)
            ? (Role)(int)role
            : throw new InvalidOperationException($"the access rule of {method.FullName} names the role {role}, which nobody has"))];
    }
}

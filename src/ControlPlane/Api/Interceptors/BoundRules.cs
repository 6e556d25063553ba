using System.Collections.Frozen;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>
/// What a caller that is bound to provisioners may call, read once from the method options: reads, what acts on nothing
/// of a provisioner, and what acts on a resource of its own provisioners. Whatever declares nothing is closed to it.
/// </summary>
internal sealed class BoundRules
{
    private const string ActsOnNothing = "-";
    private static readonly string[] Reads = ["Get", "List", "Test", "Watch"];

    private readonly FrozenDictionary<string, BoundRule> rules = ApiServices.Methods().ToFrozenDictionary(m => m.Key, m => RuleOf(m.Value), StringComparer.Ordinal);

    /// <summary>The resource that must belong to the caller's provisioners; null when the call is open as it is.</summary>
    /// <exception cref="RefusalException">PermissionDenied: closed to bound callers.</exception>
    public string? ResourceOf(string path, IMessage request, Caller caller)
    {
        // What is not ours (health) was admitted by its own rule.
        if (!rules.TryGetValue(path, out var rule)) return null;
        if (rule.IsOpen) return null;
        if (rule.Fields.Count == 0)
            throw new RefusalException(RefusalReason.PermissionDenied, $"{caller.Actor} is bound to provisioners and may not call {path}, which reaches beyond them");
        object? value = request;
        foreach (var field in rule.Fields) value = value is IMessage message ? field.Accessor.GetValue(message) : null;
        return value as string ?? "";
    }

    private static BoundRule RuleOf(MethodDescriptor method)
    {
        var by = method.GetOptions()?.GetExtension(AccessExtensions.Access)?.BoundBy ?? "";
        if (by == ActsOnNothing) return new(true, []);
        if (by.Length == 0) return new(Reads.Any(r => method.Name.StartsWith(r, StringComparison.Ordinal)), []);
        var fields = new List<FieldDescriptor>();
        var type = method.InputType;
        foreach (var part in by.Split('.'))
        {
            var field = type?.FindFieldByName(part)
                ?? throw new InvalidOperationException($"bound_by of {method.FullName} names {by}, which its request does not have");
            fields.Add(field);
            type = field.FieldType == FieldType.Message ? field.MessageType : null;
        }
        return fields[^1] is { FieldType: FieldType.String, IsRepeated: false }
            ? new(false, fields)
            : throw new InvalidOperationException($"bound_by of {method.FullName} names {by}, which is no text");
    }

    private sealed record BoundRule(bool IsOpen, IReadOnlyList<FieldDescriptor> Fields);
}

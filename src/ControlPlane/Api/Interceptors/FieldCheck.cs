using System.Collections;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.ControlPlane.Api.Mapping;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>
/// One pass over one request (AIP-203): collects what is wrong by path, and drops what only the server sets.
/// </summary>
internal readonly struct FieldCheck(List<FieldViolation> violations)
{
    /// <param name="message">The message to check.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="path">Where it stands in the request, with a dot at the end; empty for the request itself.</param>
    /// <param name="inResource">Within a resource that is created or updated.</param>
    public void Run(IMessage message, MessagePlan plan, string path, Writing inResource = Writing.No)
    {
        var mask = plan.Mask is { } masked ? (FieldMask?)masked.Field.Accessor.GetValue(message) : null;
        foreach (var field in plan.Fields)
        {
            var value = field.Field.Accessor.GetValue(message);
            if (inResource != Writing.No && IsDropped(field, inResource))
            {
                if (FieldPlan.IsSet(value)) field.Field.Accessor.Clear(message);
                continue;
            }
            if (!FieldPlan.IsSet(value))
            {
                // Zero of an enum is always defined, an empty text never too long: nothing else can be wrong.
                if (field.IsRequired && inResource != Writing.Update) violations.Add(new(path + field.Name, "is required"));
                continue;
            }
            if (field.FaultOf(value) is { } fault) violations.Add(new(path + field.Name, fault));
            if (field.Nested is null) continue;
            if (value is IMessage nested) RunNested(nested, field, path, plan, mask, inResource);
            else RunAll((IList)value!, field, path);
        }
    }

    // What stands inside a resource is written as the resource is; elements of lists are written whole.
    private void RunNested(IMessage nested, FieldPlan field, string path, MessagePlan plan, FieldMask? mask, Writing inResource)
    {
        var writing = plan.Mask is not null ? Writing.Update : plan.IsCreate ? Writing.Create : inResource;
        var inner = path + field.Name + ".";
        Run(nested, field.Nested!, inner, writing);
        if (plan.Mask is not null && mask is not null) CheckMask(nested, field.Nested!, inner, mask);
    }

    private void RunAll(IList list, FieldPlan field, string path)
    {
        for (var i = 0; i < list.Count; i++) Run((IMessage)list[i]!, field.Nested!, $"{path}{field.Name}[{i}].");
    }

    // AIP-134: a path that the resource does not have is a mistake; one that only the server sets is ignored.
    private void CheckMask(IMessage resource, MessagePlan plan, string inner, FieldMask mask)
    {
        foreach (var masked in mask.Paths)
        {
            if (masked == "*") continue;
            var (field, holder) = Find(resource, plan, masked);
            if (field is null) violations.Add(new("update_mask", $"'{masked}' is no field of {plan.Descriptor.Name}"));
            else if (field.IsImmutable) violations.Add(new("update_mask", $"'{masked}' cannot change"));
            else if (field.IsRequired && (holder is null || !FieldPlan.IsSet(field.Field.Accessor.GetValue(holder)))) violations.Add(new(inner + masked, "is required"));
        }
    }

    // A dotted path goes through messages, never through lists (AIP-161). The message that holds the field may be unset.
    private static (FieldPlan? Field, IMessage? Holder) Find(IMessage resource, MessagePlan plan, string masked)
    {
        IMessage? holder = resource;
        var names = masked.Split('.');
        for (var i = 0; ; i++)
        {
            var field = Array.Find(plan.Fields, f => f.Name == names[i]);
            if (field is null || i == names.Length - 1) return (field, holder);
            if (field.Nested is null || field.Field.IsRepeated) return (null, null);
            // What may not change as a whole may not change in part.
            if (field.IsImmutable) return (field, holder);
            holder = holder is null ? null : (IMessage?)field.Field.Accessor.GetValue(holder);
            plan = field.Nested;
        }
    }

    private static bool IsDropped(FieldPlan field, Writing writing) =>
        field.IsServerSet && !(field.IsIdentifier && writing == Writing.Update);
}

/// <summary>What happens to the resource that a message stands in.</summary>
internal enum Writing
{
    No,
    Create,
    Update,
}

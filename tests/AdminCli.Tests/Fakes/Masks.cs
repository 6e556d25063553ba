using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace GrpcCa.AdminCli.Tests.Fakes;

/// <summary>Updates by mask, as AIP-134 has it: a field of the mask that the request does not set is cleared.</summary>
internal static class Masks
{
    public static void Apply(IMessage from, IMessage to, FieldMask mask)
    {
        foreach (var path in mask.Paths)
        {
            IMessage source = from, target = to;
            var steps = path.Split('.');
            foreach (var step in steps.SkipLast(1))
            {
                source = (IMessage)Field(source, step).Accessor.GetValue(source);
                target = (IMessage)Field(target, step).Accessor.GetValue(target);
            }
            var field = Field(target, steps[^1]);
            field.Accessor.Clear(target);
            if (field.IsRepeated)
            {
                var list = (System.Collections.IList)field.Accessor.GetValue(target);
                foreach (var item in (System.Collections.IList)field.Accessor.GetValue(source)) list.Add(item);
            }
            else if (field.Accessor.GetValue(source) is { } value) field.Accessor.SetValue(target, value);
        }
    }

    private static Google.Protobuf.Reflection.FieldDescriptor Field(IMessage message, string name) =>
        message.Descriptor.FindFieldByName(name) ?? throw Refuse.Field("update_mask", $"no field {name}");
}

using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>What is checked of one field, worked out once from its descriptor.</summary>
internal sealed class FieldPlan
{
    private const int LongestText = 4096;
    private const int LongestBytes = 64 * 1024;
    private const int LongestToken = 32 * 1024;
    private const int MostElements = 1000;

    public FieldPlan(FieldDescriptor field, Func<MessageDescriptor, MessagePlan> planOf)
    {
        Field = field;
        Name = field.Name;
        var behaviors = field.GetOptions()?.GetExtension(FieldBehaviorExtensions.FieldBehavior) ?? [];
        IsRequired = behaviors.Contains(FieldBehavior.Required);
        IsImmutable = behaviors.Contains(FieldBehavior.Immutable);
        // An etag is ours to make and the caller's to send back (AIP-154).
        IsServerSet = (behaviors.Contains(FieldBehavior.OutputOnly) && field.Name != "etag") || behaviors.Contains(FieldBehavior.Identifier);
        IsIdentifier = behaviors.Contains(FieldBehavior.Identifier);
        if (field is { FieldType: FieldType.Message, IsMap: false } && !IsWellKnown(field.MessageType)) Nested = planOf(field.MessageType);
    }

    public FieldDescriptor Field { get; }

    public string Name { get; }

    public bool IsRequired { get; }

    public bool IsImmutable { get; }

    /// <summary>Set by the server: what a caller writes there is dropped.</summary>
    public bool IsServerSet { get; }

    public bool IsIdentifier { get; }

    /// <summary>The plan of the message it holds, ours or a list of ours; null for everything else.</summary>
    public MessagePlan? Nested { get; }

    /// <summary>The longest text: AIP-155 ids are short, tokens and certificates are long, everything else has room for a sentence.</summary>
    private int TextLimit => Name switch
    {
        "request_id" => 64,
        "token" or "oidc_token" or "x5c_token" or "proof" => LongestToken,
        "roots_pem" => LongestBytes,
        _ => LongestText,
    };

    /// <summary>Whether the value counts as set: proto3 scalars without presence are when they are not zero.</summary>
    public static bool IsSet(object? value) => value switch
    {
        null => false,
        string text => text.Length > 0,
        ByteString bytes => bytes.Length > 0,
        System.Collections.ICollection list => list.Count > 0,
        IMessage => true,
        bool => true,
        _ => Convert.ToInt64(value) != 0,
    };

    /// <summary>What is wrong with the value by itself; null when nothing is.</summary>
    public string? FaultOf(object? value)
    {
        switch (value)
        {
            case string text:
                return TextFault(text);
            case ByteString bytes:
                // The signed body has a limit of its own, an option of the server.
                return bytes.Length > LongestBytes && Name != "body" ? $"has {bytes.Length} bytes; at most {LongestBytes} are read" : null;
            case RepeatedField<string> texts:
                return texts.Count > MostElements ? TooMany(texts.Count) : texts.Select(TextFault).FirstOrDefault(f => f is not null);
            case System.Collections.ICollection list:
                if (list.Count > MostElements) return TooMany(list.Count);
                // In a list, "not said" says nothing either.
                return Field.FieldType == FieldType.Enum ? list.Cast<object>().Select(item => EnumFault(item, least: 1)).FirstOrDefault(f => f is not null) : null;
        }
        return Field.FieldType == FieldType.Enum ? EnumFault(value!, least: 0) : null;
    }

    private string? EnumFault(object value, int least) => Convert.ToInt32(value) is var number && (number < least || Field.EnumType.FindValueByNumber(number) is null)
        ? $"has the value {number}, which is not one of {Field.EnumType.Name}"
        : null;

    private string? TextFault(string text)
    {
        if (text.Length > TextLimit) return $"has {text.Length} characters; at most {TextLimit} are read";
        return text.Contains('\0', StringComparison.Ordinal) ? "has a NUL character" : null;
    }

    private static string TooMany(int count) => $"has {count} elements; at most {MostElements} are read";

    private static bool IsWellKnown(MessageDescriptor type) => type.File.Package == "google.protobuf";
}

/// <summary>What is checked of one message.</summary>
internal sealed class MessagePlan
{
    private const string UpdateMask = "update_mask";

    public MessageDescriptor Descriptor { get; }

    public FieldPlan[] Fields { get; private set; } = [];

    /// <summary>Set for Update requests (AIP-134): required is what the mask names, and a mask names what may change.</summary>
    public FieldPlan? Mask { get; private set; }

    /// <summary>Create requests (AIP-133): the resource's name follows from the request.</summary>
    public bool IsCreate { get; }

    private MessagePlan(MessageDescriptor descriptor)
    {
        Descriptor = descriptor;
        IsCreate = descriptor.Name.StartsWith("Create", StringComparison.Ordinal);
    }

    /// <summary>The plan of a message and, linked, of those inside it.</summary>
    public static MessagePlan Of(MessageDescriptor descriptor, Dictionary<string, MessagePlan> known)
    {
        if (known.TryGetValue(descriptor.FullName, out var existing)) return existing;
        var plan = new MessagePlan(descriptor);
        known.Add(descriptor.FullName, plan);
        plan.Fields = [.. descriptor.Fields.InDeclarationOrder().Select(f => new FieldPlan(f, nested => Of(nested, known)))];
        plan.Mask = Array.Find(plan.Fields, f => f.Name == UpdateMask && f.Field.FieldType == FieldType.Message && f.Field.MessageType == FieldMask.Descriptor);
        return plan;
    }
}

using Google.Api;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.ControlPlane.Api;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>The admin plane keeps to its own conventions (AIP-131 to 136, 154, 155, 158, 163), method by method, from the descriptors.</summary>
public sealed class ApiConventionTests
{
    public static TheoryData<string> Admin() => [.. ApiServices.Methods().Where(m => m.Value.Service.Name is not ("AcmeService" or "TrustService")).Select(m => m.Key)];

    [Theory]
    [MemberData(nameof(Admin))]
    public void Method_KeepsToTheConventions(string path)
    {
        var method = ApiServices.Methods().Single(m => m.Key == path).Value;
        var faults = new List<string>();
        void Wants(MessageDescriptor message, string field, FieldType type)
        {
            if (message.FindFieldByName(field)?.FieldType != type) faults.Add($"{message.Name} lacks {field}");
        }
        if (method.Name.StartsWith("List", StringComparison.Ordinal) && method.InputType.FindFieldByName("page_size") is not null)
        {
            Wants(method.InputType, "page_token", FieldType.String);
            Wants(method.OutputType, "next_page_token", FieldType.String);
        }
        if (Starts(method, "Create") || Starts(method, "Revoke")) Wants(method.InputType, "request_id", FieldType.String);
        if (Starts(method, "Create") && ResourceOf(method.InputType, "Create", method) is not null && method.InputType.FindFieldByName("eab_key") is null)
            Wants(method.InputType, "validate_only", FieldType.Bool);
        if (Starts(method, "Revoke")) Wants(method.InputType, "validate_only", FieldType.Bool);
        if (Starts(method, "Update"))
        {
            if (method.InputType.FindFieldByName("update_mask")?.MessageType.FullName != FieldMask.Descriptor.FullName) faults.Add($"{method.InputType.Name} lacks update_mask");
            if (ResourceOf(method.InputType, "Update", method) is { } resource) Wants(resource, "etag", FieldType.String);
            else faults.Add($"{method.InputType.Name} lacks its resource");
        }
        if (Starts(method, "Get") && method.InputType.Fields.InDeclarationOrder().Count > 0 && method.Name is not "GetGatewayConfig") Wants(method.InputType, "name", FieldType.String);

        Assert.Empty(faults);
    }

    [Theory]
    [MemberData(nameof(Admin))]
    public void Fields_OfRequests_SayWhatTheyAre(string path)
    {
        var method = ApiServices.Methods().Single(m => m.Key == path).Value;

        Assert.All(method.InputType.Fields.InDeclarationOrder(), field =>
            Assert.True(field.GetOptions()?.GetExtension(FieldBehaviorExtensions.FieldBehavior) is { Count: > 0 }, $"{field.FullName} has no field_behavior"));
    }

    private static bool Starts(MethodDescriptor method, string verb) => method.Name.StartsWith(verb, StringComparison.Ordinal);

    private static MessageDescriptor? ResourceOf(MessageDescriptor request, string verb, MethodDescriptor method) => request.Fields.InDeclarationOrder()
        .FirstOrDefault(f => f.FieldType == FieldType.Message && f.MessageType.Name == method.Name[verb.Length..])?.MessageType;
}

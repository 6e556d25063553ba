using System.Text;
using Google.Api;
using Google.Protobuf.Reflection;
using GrpcCa.V1;

namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>The API as a page for people: every service, method, message, field and enum with its comment from the protos.</summary>
internal static class ApiReference
{
    private const string OurPackage = "grpcca.v1";

    // Numbers of descriptor.proto: what a path of SourceCodeInfo is made of.
    private const int Messages = 4, Enums = 5, Services = 6, FieldsOfMessage = 2, NestedMessages = 3, EnumsOfMessage = 4, Methods = 2, Values = 2;

    public static string Render(byte[] descriptorSet)
    {
        var registry = new Google.Protobuf.ExtensionRegistry { AccessExtensions.Access, FieldBehaviorExtensions.FieldBehavior, ResourceExtensions.Resource };
        var files = FileDescriptorSet.Parser.WithExtensionRegistry(registry).ParseFrom(descriptorSet).File
            .Where(f => f.Package == OurPackage).OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
        var page = new StringBuilder("""
            # The API, method by method

            Package `grpcca.v1`, made from `protos/` by `WRITE_DOCS=1 ./test EndToEnd.Tests`; a test fails when it is old. How the API is
            meant, its errors and how to connect: [protos/README.md](../protos/README.md).

            | service | what for |
            |---|---|

            """);
        foreach (var (file, service, path) in files.SelectMany(f => f.Service.Select((s, i) => (f, s, new[] { Services, i }))))
            page.Append($"| [{service.Name}](#{Anchor(service.Name)}) | {OneLine(Comment(file, path))} |\n");
        foreach (var file in files) Append(page, file);
        return page.ToString();
    }

    private static void Append(StringBuilder page, FileDescriptorProto file)
    {
        page.Append($"\n## {file.Name[(file.Name.LastIndexOf('/') + 1)..]}\n");
        for (var i = 0; i < file.Service.Count; i++) Append(page, file, file.Service[i], [Services, i]);
        for (var i = 0; i < file.MessageType.Count; i++) Append(page, file, file.MessageType[i], "", [Messages, i]);
        for (var i = 0; i < file.EnumType.Count; i++) Append(page, file, file.EnumType[i], "", [Enums, i]);
    }

    private static void Append(StringBuilder page, FileDescriptorProto file, ServiceDescriptorProto service, int[] path)
    {
        page.Append($"\n### {service.Name}\n\n{Comment(file, path)}\n\n| method | takes | answers | who may call | |\n|---|---|---|---|---|\n");
        for (var i = 0; i < service.Method.Count; i++)
        {
            var method = service.Method[i];
            var answer = Link(method.OutputType) + (method.ServerStreaming ? " (stream)" : "");
            page.Append($"| {method.Name} | {Link(method.InputType)} | {answer} | {Roles(method)} | {OneLine(Comment(file, [.. path, Methods, i]))} |\n");
        }
    }

    private static void Append(StringBuilder page, FileDescriptorProto file, DescriptorProto message, string outer, int[] path)
    {
        // Entries of map fields are messages for the wire alone.
        if (message.Options?.MapEntry == true) return;
        var name = outer + message.Name;
        page.Append($"\n#### {name}\n\n{Comment(file, path)}\n");
        if (message.Options?.GetExtension(ResourceExtensions.Resource) is { } resource) page.Append($"\nName: `{string.Join("`, `", resource.Pattern)}`.\n");
        if (message.Field.Count > 0) page.Append("\n| field | number | type | | |\n|---|---|---|---|---|\n");
        for (var i = 0; i < message.Field.Count; i++)
        {
            var field = message.Field[i];
            var one = field.HasOneofIndex && !field.Proto3Optional ? $" one of `{message.OneofDecl[field.OneofIndex].Name}`" : "";
            page.Append($"| {field.Name} | {field.Number} | {TypeOf(message, field)} | {Behaviour(field)}{one} | {OneLine(Comment(file, [.. path, FieldsOfMessage, i]))} |\n");
        }
        for (var i = 0; i < message.NestedType.Count; i++) Append(page, file, message.NestedType[i], name + ".", [.. path, NestedMessages, i]);
        for (var i = 0; i < message.EnumType.Count; i++) Append(page, file, message.EnumType[i], name + ".", [.. path, EnumsOfMessage, i]);
    }

    private static void Append(StringBuilder page, FileDescriptorProto file, EnumDescriptorProto values, string outer, int[] path)
    {
        page.Append($"\n#### {outer}{values.Name}\n\n{Comment(file, path)}\n\n| value | number | |\n|---|---|---|\n");
        for (var i = 0; i < values.Value.Count; i++)
            page.Append($"| {values.Value[i].Name} | {values.Value[i].Number} | {OneLine(Comment(file, [.. path, Values, i]))} |\n");
    }

    private static string TypeOf(DescriptorProto message, FieldDescriptorProto field)
    {
        var entry = message.NestedType.FirstOrDefault(n => n.Options?.MapEntry == true && field.TypeName.EndsWith("." + n.Name, StringComparison.Ordinal));
        if (entry is not null) return $"map of {TypeOf(entry, entry.Field[0])} to {TypeOf(entry, entry.Field[1])}";
        var type = field.TypeName.Length > 0 ? Link(field.TypeName) : field.Type.ToString().ToLowerInvariant();
        return field.Label == FieldDescriptorProto.Types.Label.Repeated ? $"{type}, repeated" : type;
    }

    private static string Behaviour(FieldDescriptorProto field) =>
        string.Join(", ", (field.Options?.GetExtension(FieldBehaviorExtensions.FieldBehavior) ?? []).Select(b => Words(b.ToString())));

    private static string Roles(MethodDescriptorProto method) =>
        string.Join(", ", (method.Options?.GetExtension(AccessExtensions.Access)?.Roles ?? []).Select(r => Words(r.ToString())));

    // UnorderedList → unordered list
    private static string Words(string name) => string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : " ") + char.ToLowerInvariant(c) : c.ToString()));

    private static string Link(string typeName)
    {
        var name = typeName.TrimStart('.');
        if (!name.StartsWith(OurPackage + ".", StringComparison.Ordinal)) return $"`{name}`";
        name = name[(OurPackage.Length + 1)..];
        return $"[{name}](#{Anchor(name)})";
    }

    // As Markdown renderers make them of headings: lower case, without dots.
    private static string Anchor(string heading) => heading.ToLowerInvariant().Replace(".", "", StringComparison.Ordinal);

    private static string OneLine(string comment) => comment.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);

    private static string Comment(FileDescriptorProto file, int[] path) =>
        string.Join('\n', (file.SourceCodeInfo.Location.FirstOrDefault(l => l.Path.SequenceEqual(path))?.LeadingComments ?? "").Split('\n').Select(line => line.Trim())).Trim();
}

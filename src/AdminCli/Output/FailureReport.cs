using System.Text.Json.Nodes;

namespace GrpcCa.AdminCli.Output;

/// <summary>Prints a failure on standard error: lines for people, one JSON object for scripts.</summary>
internal static class FailureReport
{
    public static void Write(CliFailure failure, OutputFormat format, CliEnvironment environment)
    {
        if (format == OutputFormat.Json) environment.Error.WriteLine(JsonText.Format(ToJson(failure)));
        else if (format == OutputFormat.Yaml) environment.Error.WriteLine(YamlText.Format(ToJson(failure)));
        else WriteLines(failure, environment.Error);
    }

    private static void WriteLines(CliFailure failure, TextWriter error)
    {
        foreach (var line in failure.Message.Split('\n'))
            error.WriteLine("error: " + PlainText.Of(line.TrimEnd('\r')));
        foreach (var field in failure.Fields)
            error.WriteLine(PlainText.Of(field.Description == failure.Message ? $"  in {field.Field}" : $"  {field.Field}: {field.Description}"));
        if (failure.Hint is not null) error.WriteLine("hint: " + PlainText.Of(failure.Hint));
    }

    private static JsonObject ToJson(CliFailure failure)
    {
        var fields = new JsonArray();
        foreach (var field in failure.Fields)
            fields.Add((JsonNode)new JsonObject { ["field"] = field.Field, ["description"] = field.Description });
        var body = new JsonObject
        {
            ["code"] = failure.Code,
            ["reason"] = failure.Reason,
            ["message"] = failure.Message,
            ["fields"] = fields,
        };
        if (failure.Hint is not null) body["hint"] = failure.Hint;
        return new JsonObject { ["error"] = body };
    }
}

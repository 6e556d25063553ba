using System.Text.Json;
using GrpcCa.Load.Http;

namespace GrpcCa.Load.Acme;

/// <summary>The server refused a step; <see cref="Kind"/> is what errors are counted by.</summary>
internal sealed class AcmeProblemException(string kind, string message) : Exception(message)
{
    public string Kind => kind;

    public static AcmeProblemException Of(string step, HttpReply reply)
    {
        try
        {
            using var problem = JsonDocument.Parse(reply.Body);
            var type = problem.RootElement.TryGetProperty("type", out var named) ? named.GetString() : null;
            var detail = problem.RootElement.TryGetProperty("detail", out var told) ? told.GetString() : null;
            return new AcmeProblemException($"{step}: {type?.Split(':')[^1] ?? "no type"} ({reply.Status})", detail ?? "");
        }
        catch (JsonException)
        {
            return new AcmeProblemException($"{step}: status {reply.Status}", reply.Text);
        }
    }
}

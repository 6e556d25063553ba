using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using GrpcCa.Load.Answers;
using GrpcCa.Load.Measures;

namespace GrpcCa.Load.Acme;

/// <summary>One certificate, from the order to the download (RFC 8555 §7.4, §7.5), with the time of each step.</summary>
internal sealed class Issuance(AcmeSession session, AcmeDirectory directory, ChallengeAnswers answers, StepTimes times)
{
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(2), LongestPoll = TimeSpan.FromMilliseconds(64);

    public async Task RunAsync(string name, RequestKey key, CancellationToken cancellationToken)
    {
        var mark = Stopwatch.GetTimestamp();
        var (order, orderUrl) = await session.PostForJsonAsync(
            "newOrder", directory.NewOrder, Encoding.ASCII.GetBytes($$$"""{"identifiers":[{"type":"dns","value":"{{{name}}}"}]}"""), cancellationToken);
        using (order)
        {
            if (orderUrl is null) throw new AcmeProblemException("newOrder: no Location", "");
            times.Add(Step.NewOrder, ref mark);
            var finalize = Text(order, "finalize");
            foreach (var authorization in order.RootElement.GetProperty("authorizations").EnumerateArray())
                await AuthorizeAsync(authorization.GetString()!, cancellationToken);
            mark = Stopwatch.GetTimestamp();
            var csr = Base64Url.EncodeToString(key.Request(name));
            var (finalized, _) = await session.PostForJsonAsync("finalize", finalize, Encoding.ASCII.GetBytes($$"""{"csr":"{{csr}}"}"""), cancellationToken);
            var done = await AwaitAsync(finalized, orderUrl, "order", "processing", cancellationToken);
            times.Add(Step.Finalize, ref mark);
            var reply = await session.PostAsync("certificate", Text(done, "certificate"), default, cancellationToken);
            if (reply.Body.Span.IndexOf("-----BEGIN CERTIFICATE-----"u8) != 0) throw new AcmeProblemException("certificate: not PEM", "");
            times.Add(Step.Download, ref mark);
            done.Dispose();
        }
    }

    private async Task AuthorizeAsync(string url, CancellationToken cancellationToken)
    {
        var mark = Stopwatch.GetTimestamp();
        using var authorization = (await session.PostForJsonAsync("authorization", url, default, cancellationToken)).Json;
        times.Add(Step.Authorization, ref mark);
        if (Text(authorization, "status") == "valid") return;
        var challenge = authorization.RootElement.GetProperty("challenges").EnumerateArray().FirstOrDefault(c => c.GetProperty("type").ValueEquals("http-01"u8));
        if (challenge.ValueKind == JsonValueKind.Undefined) throw new AcmeProblemException("authorization: no http-01", "");
        var token = challenge.GetProperty("token").GetString()!;
        answers.Put(token, $"{token}.{session.Key.Thumbprint}");
        try
        {
            using var posted = (await session.PostForJsonAsync("challenge", challenge.GetProperty("url").GetString()!, "{}"u8.ToArray(), cancellationToken)).Json;
            times.Add(Step.Challenge, ref mark);
            var first = (await session.PostForJsonAsync("poll", url, default, cancellationToken)).Json;
            using var ended = await AwaitAsync(first, url, "poll", "pending", cancellationToken);
            if (Text(ended, "status") != "valid") throw new AcmeProblemException($"authorization: {Text(ended, "status")}", Cause(ended));
            times.Add(Step.Poll, ref mark);
        }
        finally
        {
            answers.Remove(token);
        }
    }

    // Asks again, ever more slowly, until the status is another than the passing one.
    private async Task<JsonDocument> AwaitAsync(JsonDocument current, string url, string step, string passing, CancellationToken cancellationToken)
    {
        for (var wait = FirstPoll; Text(current, "status") == passing; wait = wait < LongestPoll ? 2 * wait : wait)
        {
            current.Dispose();
            await Task.Delay(wait, cancellationToken);
            times.CountPoll();
            (current, _) = await session.PostForJsonAsync(step, url, default, cancellationToken);
        }
        return current;
    }

    private static string Text(JsonDocument json, string name) =>
        json.RootElement.TryGetProperty(name, out var value) && value.GetString() is { } text ? text : throw new AcmeProblemException($"no {name} in an answer", json.RootElement.GetRawText());

    private static string Cause(JsonDocument authorization) => authorization.RootElement.TryGetProperty("challenges", out var list)
        ? string.Join("; ", list.EnumerateArray().Select(c => c.TryGetProperty("error", out var error) ? error.GetRawText() : null).OfType<string>()) : "";
}

using System.Buffers;

namespace GrpcCa.Gateway.Acme;

/// <summary>Reads a whole request body, with or without Content-Length, up to a limit of size and time.</summary>
internal static class RequestBody
{
    /// <summary>The bytes; null when there are more than the limit.</summary>
    /// <exception cref="TimeoutException">The client was too slow.</exception>
    /// <exception cref="BadHttpRequestException">The transfer coding is broken.</exception>
    public static async Task<byte[]?> ReadAsync(HttpContext http, int limit, TimeSpan within, TimeProvider time)
    {
        if (http.Request.ContentLength > limit) return null;
        var reader = http.Request.BodyReader;
        // Nearly always the whole body came with the headers, and needs no clock.
        if (reader.TryRead(out var first))
        {
            if (first.Buffer.Length <= limit && (first.IsCompleted || first.Buffer.Length == http.Request.ContentLength))
            {
                var body = first.Buffer.ToArray();
                reader.AdvanceTo(first.Buffer.End);
                return body;
            }
            reader.AdvanceTo(first.Buffer.Start);
        }
        using var timeout = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, http.RequestAborted);
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(either.Token);
                if (result.Buffer.Length > limit)
                {
                    reader.AdvanceTo(result.Buffer.End);
                    return null;
                }
                if (result.IsCompleted)
                {
                    var body = result.Buffer.ToArray();
                    reader.AdvanceTo(result.Buffer.End);
                    return body;
                }
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }
        }
        catch (OperationCanceledException fault) when (timeout.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            throw new TimeoutException("the request body came too slowly", fault);
        }
    }
}

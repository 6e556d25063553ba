using System.Collections.Concurrent;

namespace GrpcCa.Load.Answers;

/// <summary>Key authorizations by token, which the http-01 responder serves.</summary>
internal sealed class ChallengeAnswers
{
    private readonly ConcurrentDictionary<string, string> byToken = new(StringComparer.Ordinal);
    private long served;

    /// <summary>How often a token was asked for and known.</summary>
    public long Served => Interlocked.Read(ref served);

    public void Put(string token, string keyAuthorization) => byToken[token] = keyAuthorization;

    public void Remove(string token) => byToken.TryRemove(token, out _);

    public string? Find(string token)
    {
        if (!byToken.TryGetValue(token, out var found)) return null;
        Interlocked.Increment(ref served);
        return found;
    }
}

namespace GrpcCa.Gateway.Tests.Endpoints;

/// <summary><c>limits:connections</c> counts both listeners together.</summary>
public sealed class ConnectionLimitTests
{
    [Fact]
    public async Task ConnectionTooMany_OfEitherListener_IsClosed_UntilAnotherIsGone()
    {
        await using var rig = await GatewayRig.StartAsync(configure: options => options with { MaxConnections = 2 });
        // Both stay open.
        using var secure = await rig.Https.GetAsync("/health", TestContext.Current.CancellationToken);
        using var plain = await rig.Http.GetAsync("/health", TestContext.Current.CancellationToken);
        using var third = rig.Client(rig.App.Http.Port, $"http://127.0.0.1:{rig.App.Http.Port}");

        await Assert.ThrowsAsync<HttpRequestException>(() => third.GetAsync("/health", TestContext.Current.CancellationToken));
        rig.Https.Dispose();

        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await AnswersAsync(third)) bound.Token.ThrowIfCancellationRequested();
        Assert.True(secure.IsSuccessStatusCode && plain.IsSuccessStatusCode);
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("/health", TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

namespace GrpcCa.Gateway.Tests.Conformance;

public sealed class FirstLightTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    [Fact]
    public async Task Client_IssuesInOneCall()
    {
        var client = await shared.House.AccountAsync();
        var issued = await client.IssueAsync("a.test", "b.localhost");
        Assert.Equal(2, issued.Chain.Count);
    }
}

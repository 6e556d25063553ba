using System.Text.Json;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Commands;

public sealed class ListTests
{
    private static async Task<FakeControlPlane> WithAccountsAsync(int count)
    {
        var fake = await FakeControlPlane.StartAsync();
        fake.Data.Accounts.Clear();
        fake.Data.Accounts.AddRange(Enumerable.Range(0, count).Select(i => new Account { Name = $"accounts/a{i}" }));
        return fake;
    }

    [Theory]
    [InlineData(2500, 2500, 3, false)]
    [InlineData(2500, 1001, 2, true)]
    [InlineData(1000, 1000, 1, false)]
    [InlineData(3, 100, 1, false)]
    public async Task List_ManyRows_WalksPagesToTheLimit(int rows, int limit, int pages, bool truncated)
    {
        await using var fake = await WithAccountsAsync(rows);
        var run = await new Cli(fake).RunAsync($"account list --limit {limit} -o json");
        using var json = JsonDocument.Parse(run.Out);
        var names = json.RootElement.GetProperty("accounts").EnumerateArray().Select(a => a.GetProperty("name").GetString()).ToList();
        Assert.Equal(Enumerable.Range(0, Math.Min(rows, limit)).Select(i => $"accounts/a{i}"), names);
        Assert.Equal(truncated, json.RootElement.GetProperty("truncated").GetBoolean());
        Assert.Equal(pages, fake.Requests.OfType<ListAccountsRequest>().Count());
    }

    [Fact]
    public async Task List_MoreThanTheLimit_SaysSoAside()
    {
        await using var fake = await WithAccountsAsync(101);
        var run = await new Cli(fake).RunAsync("account list");
        Assert.Equal(101, run.Out.TrimEnd('\n').Split('\n').Length);
        Assert.Equal("the first 100 only; more with --limit\n", run.Error);
    }

    [Fact]
    public async Task List_Nothing_PrintsNoTable()
    {
        await using var fake = await WithAccountsAsync(0);
        var table = await new Cli(fake).RunAsync("account list");
        Assert.Equal(new Run(0, "", "no accounts\n"), table);
        using var json = JsonDocument.Parse((await new Cli(fake).RunAsync("account list -o json")).Out);
        Assert.Equal(0, json.RootElement.GetProperty("accounts").GetArrayLength());
    }
}

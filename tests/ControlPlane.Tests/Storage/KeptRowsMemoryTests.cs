using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>What is kept of rows, and what of a transaction becomes of it; no store is needed.</summary>
public sealed class KeptRowsMemoryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task View_WhileBothOfItChange_IsOfOneMoment()
    {
        var rows = new KeptRows();
        var (order, authorization) = (new Order
        {
            Id = "o",
            AccountId = "a",
            ProvisionerId = "acme",
            GatewayId = "home",
            Identifiers = [],
            AuthorizationIds = ["z"],
            ProfileId = "server",
            CreatedAt = Now,
            ExpiresAt = Now,
        }, NewAuthorization("z"));
        var changing = Task.Run(() =>
        {
            for (var i = 1; i <= 300_000; i++) Commit(rows, new LeftRow(KeptRows.Orders, "o", order with { Version = i }), new LeftRow(KeptRows.Authorizations, "z", authorization with { Version = i }));
        }, Cancelled);

        var seen = 0;
        while (!changing.IsCompleted)
        {
            if (OrderStore.FindView(rows, "o", Now) is not { } view) continue;
            Assert.Equal(view.Order.Version, view.Authorizations[0].Version);
            seen++;
        }
        await changing;

        Assert.InRange(seen, 1, int.MaxValue);
        Assert.Equal(300_000, OrderStore.FindView(rows, "o", Now)!.Order.Version);
    }

    [Fact]
    public void Last_written_rows_are_kept_and_the_others_forgotten()
    {
        var rows = new KeptRows();
        for (var i = 0; i < 5000; i++)
        {
            Commit(rows, new LeftRow(KeptRows.Orders, $"{i}", $"{i}"));
            Assert.Equal($"{i}", rows.Find<string>(KeptRows.Orders, $"{i}"));
            if (i >= 500) Assert.NotNull(rows.Find<string>(KeptRows.Orders, $"{i - 500}"));
            if (i >= 1100) Assert.Null(rows.Find<string>(KeptRows.Orders, $"{i - 1100}"));
        }
    }

    [Fact]
    public void Row_that_is_too_large_hides_the_one_before()
    {
        var rows = new KeptRows();
        Commit(rows, new LeftRow(KeptRows.Orders, "1", "small"), new LeftRow(KeptRows.Certificates, "1", "another table's"));

        Commit(rows, new LeftRow(KeptRows.Orders, "1", null));

        Assert.Null(rows.Find<string>(KeptRows.Orders, "1"));
        Assert.Equal("another table's", rows.Find<string>(KeptRows.Certificates, "1"));
        Assert.False(KeptRows.IsKept(4097));
    }

    [Fact]
    public void Moment_is_over_with_a_commit_that_left_something()
    {
        var rows = new KeptRows();
        var moment = rows.Moment;
        Commit(rows);
        Assert.True(rows.IsStill(moment));

        Commit(rows, new LeftRow(KeptRows.Orders, null, null));

        Assert.False(rows.IsStill(moment));
        Assert.True(rows.IsStill(rows.Moment));
        Assert.False(rows.IsStill(rows.Moment - 1));
    }

    [Fact]
    public void Left_rows_that_are_cut_are_as_before()
    {
        var left = new LeftRows();
        left.Add(new LeftRow("a", "1", "one"));
        left.Add(new LeftRow("b", "1", "other"));
        left.Add(new LeftRow("a", null, null));
        left.Add(new LeftRow("a", null, null));
        left.Add(new LeftRow("a", "2", "two"));

        Assert.Equal(4, left.Count);
        Assert.True(left.TryFind("a", "1", out var row) && row is null);
        Assert.True(left.TryFind("a", "2", out row) && row is "two");
        Assert.True(left.TryFind("b", "1", out row) && row is "other");
        Assert.False(left.TryFind("b", "2", out _));

        left.Cut(2);

        Assert.True(left.TryFind("a", "1", out row) && row is "one");
        Assert.False(left.TryFind("a", "2", out _));
        left.Cut(0);
        Assert.False(left.TryFind("a", "1", out _));
    }

    private static void Commit(KeptRows rows, params ReadOnlySpan<LeftRow> left)
    {
        var all = new LeftRows();
        foreach (var row in left) all.Add(row);
        rows.Committed(all);
    }

    private static Authorization NewAuthorization(string id) => new()
    {
        Id = id,
        AccountId = "a",
        ProvisionerId = "acme",
        Identifier = Identifier.ParseDns("nas.test"),
        Challenges = [],
        CreatedAt = Now,
        ExpiresAt = Now,
    };
}

using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Act_Committed_HasItsEvent()
    {
        var result = await Store.ActAsync(async session => new Acted<int>(await MarkAsync(session, "done"), Event("tests/1")), Cancelled);

        var entry = Assert.Single(await AuditAsync(10));
        Assert.Equal(1, result);
        Assert.Equal("tests/1", entry.Event.Resource);
        Assert.True(entry.IsIntact);
        Assert.Equal(["done"], await NamesAsync());
    }

    [Fact]
    public async Task Act_ThatFails_LeavesNoEvent()
    {
        await Assert.ThrowsAsync<RefusalException>(() => Store.ActAsync<int>(async session =>
        {
            await MarkAsync(session, "undone");
            throw new RefusalException(RefusalReason.AlreadyRevoked, "it is revoked already");
        }, Cancelled));

        Assert.Empty(await AuditAsync(10));
        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task Act_WhoseEventCannotBeWritten_IsUndone()
    {
        var twice = Event("tests/1") with { Facts = [KeyValuePair.Create("a", "1"), KeyValuePair.Create("a", "2")] };

        await Assert.ThrowsAsync<ArgumentException>(() => Store.ActAsync(
            async session => new Acted<int>(await MarkAsync(session, "undone"), twice), Cancelled));

        Assert.Empty(await AuditAsync(10));
        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task Audit_ReadInPages_ShowsEachEventOnce()
    {
        for (var i = 0; i < 25; i++)
            await Store.ActAsync(session => ValueTask.FromResult(new Acted<int>(0, Event($"tests/{i}"))), Cancelled);

        var seen = new List<string>();
        string? before = null;
        while (await AuditAsync(10, before) is { Count: > 0 } page)
        {
            seen.AddRange(page.Select(entry => entry.Event.Resource));
            before = page[^1].Id;
        }

        Assert.Equal(Enumerable.Range(0, 25).Reverse().Select(i => $"tests/{i}"), seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("zz")]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000g")]
    public async Task Audit_PageAfterAnUnknownEvent_IsRefused(string before)
    {
        var refusal = await Assert.ThrowsAsync<RefusalException>(() => AuditAsync(10, before));

        Assert.Equal(RefusalReason.InvalidArgument, refusal.Reason);
    }

    private async Task<IReadOnlyList<AuditEntry>> AuditAsync(int limit, string? before = null) =>
        await Store.ReadAsync(session => AuditLog.ListAsync(session, limit, before), Cancelled);
}

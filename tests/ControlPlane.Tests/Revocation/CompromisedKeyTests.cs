using System.Security.Cryptography;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Revocation;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using Microsoft.Extensions.DependencyInjection;

namespace GrpcCa.ControlPlane.Tests.Revocation;

public sealed class CompromisedKeyTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KeyCompromise_AfterAnotherReason_BlocksTheKeyAndItsAccounts_AndKeepsTheTime()
    {
        await using var house = await House.StartAsync();
        var issued = await (await house.AccountAsync()).IssueAsync("nas.test");
        Assert.True(SerialNumber.TryParseHex(issued.Leaf.SerialNumber.ToLowerInvariant(), out var serial));
        var revoker = house.Services.GetRequiredService<Revoker>();
        var first = await revoker.RevokeAsync(serial, RevocationReason.Superseded, blockKey: true, "test", Stop);

        var second = await revoker.RevokeAsync(serial, RevocationReason.KeyCompromise, blockKey: true, "test", Stop);

        Assert.True(second.WasRevoked);
        var kept = await house.Store.ReadAsync(session => CertificateStore.FindAsync(session, serial), Stop);
        Assert.Equal(RevocationReason.KeyCompromise, kept!.RevocationReason);
        Assert.Equal(first.Certificate.RevokedAt!.Value.ToUnixTimeMilliseconds(), kept.RevokedAt!.Value.ToUnixTimeMilliseconds());
        Assert.True(await house.Store.ReadAsync(session => CertificateStore.IsKeyBlockedAsync(session, kept.KeySha256), Stop));
        var third = await Assert.ThrowsAsync<RefusalException>(() => revoker.RevokeAsync(serial, RevocationReason.KeyCompromise, blockKey: true, "test", Stop));
        Assert.Equal(RefusalReason.AlreadyRevoked, third.Reason);
    }

    [Fact]
    public async Task Blocking_RevokesTheAccountsOfTheKey()
    {
        await using var house = await House.StartAsync();
        var key = AcmeKey.Es256();
        var victim = await house.AccountAsync(key: key);
        var accounts = house.Services.GetRequiredService<RevokeAccountsByKey>();
        var hashes = await house.Store.ReadAsync(session => session.Sql("select key_sha256 from accounts limit 2").ListAsync(row => (byte[])row.GetValue(0)), Stop);
        var sha256 = Assert.Single(hashes);
        Assert.Equal(SHA256.HashSizeInBytes, sha256.Length);

        Assert.Equal(1, await house.Store.WriteAsync(session => accounts(session, sha256), Stop));

        Assert.Equal(401, (await victim.OrderAsync("nas.test")).Status);
    }

    [Fact]
    public async Task NewOrder_LargerThanAllowed_IsMalformed()
    {
        await using var house = await House.StartAsync(new HouseSettings { Options = { ["Orders:MaxNewOrderBytes"] = "1024" } });
        var account = await house.AccountAsync();

        var answer = await account.OrderAsync([.. Enumerable.Range(0, 40).Select(i => $"name-{i}.test")]);

        Assert.Equal(400, answer.Status);
        Assert.Contains("too large", answer.Body, StringComparison.Ordinal);
    }
}

using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Watching;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.ControlPlane.Tests.Storage;
using GrpcCa.TestKit;
using GrpcCa.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using AuditEvent = GrpcCa.ControlPlane.Audit.AuditEvent;
using Kind = GrpcCa.V1.CertificateEvent.Types.Kind;

namespace GrpcCa.ControlPlane.Tests.Certificates;

/// <summary>Streams of what happens to certificates.</summary>
public sealed class CertificateWatchTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watch_HearsWhatHappens_AndGoesOnAfterARestart()
    {
        await using var house = await House.StartAsync();
        var account = await house.AccountAsync();
        using var first = Watcher.Open(house.Admin(), new() { Provisioner = "provisioners/acme" });
        await first.ReadyAsync();

        await account.IssueAsync("nas.test");
        await account.IssueAsync("nas.test");
        var issued = await first.NextAsync();
        var renewed = await first.NextAsync();
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        await certificates.RevokeCertificateAsync(new() { Name = issued.Event.Certificate.Name, Reason = RevocationReason.Superseded });
        var revoked = await first.NextAsync();
        await house.RestartControlPlaneAsync();
        var ended = await Assert.ThrowsAsync<RpcException>(first.NextAsync);
        using var second = Watcher.Open(house.Admin(), new() { Provisioner = "provisioners/acme", ResumeToken = issued.ResumeToken });
        var again = new[] { await second.NextAsync(), await second.NextAsync() };

        Assert.Equal((Kind.Issued, ""), (issued.Event.Kind, issued.Event.Replaces));
        Assert.Equal((Kind.Renewed, issued.Event.Certificate.Name), (renewed.Event.Kind, renewed.Event.Replaces));
        Assert.Equal(issued.Event.Certificate.Account, issued.Event.Actor);
        Assert.Equal((Kind.Revoked, issued.Event.Certificate.Name, RevocationReason.Superseded), (revoked.Event.Kind, revoked.Event.Certificate.Name, revoked.Event.Certificate.RevocationReason));
        Assert.Equal(StatusCode.Unavailable, ended.StatusCode);
        Assert.Equal([renewed.Event.Certificate.Name, issued.Event.Certificate.Name], again.Select(a => a.Event.Certificate.Name));
        Assert.Equal([Kind.Renewed, Kind.Revoked], again.Select(a => a.Event.Kind));
    }

    [Fact]
    public async Task Watch_ByFilter_HearsOfNothingElse()
    {
        await using var house = await House.StartAsync();
        using var watcher = Watcher.Open(house.Admin(), new() { Identifier = "dns:mine.test", Kinds = { Kind.Issued } });
        await watcher.ReadyAsync();
        var account = await house.AccountAsync();
        foreach (var name in new[] { "other.test", "mine.test" }) await account.IssueAsync(name);

        Assert.Equal(["dns:mine.test"], (await watcher.NextAsync()).Event.Certificate.Identifiers);
    }

    [Fact]
    public async Task Expiring_IsTold_UnlessItWasRenewed()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var house = await House.StartAsync();
        var account = await house.AccountAsync();
        await account.IssueAsync("renewed.test");
        await account.IssueAsync("forgotten.test");
        await account.IssueAsync("renewed.test");
        var filter = new FeedFilter("acme", null, [Kind.Expiring], TimeSpan.FromHours(8));
        var feed = new CertificateFeed(house.Store, filter, await CertificateFeed.NowAsync(house.Store, filter, clock.GetUtcNow(), Stop), clock);
        Assert.Empty(await feed.NextAsync(Stop));

        clock.Advance(TimeSpan.FromHours(15));
        Assert.Empty(await feed.NextAsync(Stop));
        clock.Advance(TimeSpan.FromHours(2));
        var told = await feed.NextAsync(Stop);
        var later = await feed.NextAsync(Stop);

        // The newer one of the renewed pair ends as well, and nobody has renewed that.
        Assert.Equal(["dns:forgotten.test", "dns:renewed.test"], told.Select(t => t.Event.Certificate.Identifiers[0]).Order(StringComparer.Ordinal));
        Assert.All(told, t => Assert.Equal(t.Event.Certificate.ExpireTime.ToDateTimeOffset() - TimeSpan.FromHours(8), t.Event.EventTime.ToDateTimeOffset()));
        Assert.Empty(later);
        var resumed = new CertificateFeed(house.Store, filter, told[0].Position, clock);
        Assert.Equal(told[1].Event.Certificate, Assert.Single(await resumed.NextAsync(Stop)).Event.Certificate);
    }

    [Theory]
    [InlineData("resume_token", "garbage", "", 0)]
    [InlineData("identifier", "", "nas.test", 0)]
    [InlineData("expiring_within", "", "", -1)]
    public async Task Watch_WithAWrongField_NamesIt(string field, string token, string identifier, int seconds)
    {
        await using var house = await House.StartAsync(new HouseSettings { Options = { ["Watching:MaxStreams"] = "0" } });
        var request = new WatchCertificatesRequest { ResumeToken = token, Identifier = identifier, ExpiringWithin = new Duration { Seconds = seconds } };
        using var watcher = Watcher.Open(house.Admin(), request);

        var fault = await Assert.ThrowsAsync<RpcException>(watcher.ReadyAsync);

        Assert.Equal((StatusCode.InvalidArgument, field), (fault.StatusCode, Assert.Single(fault.Fields())));
    }

    [Fact]
    public async Task Watchers_MoreThanAllowed_AreRefused_UntilOneGoes()
    {
        await using var house = await House.StartAsync(new HouseSettings { Options = { ["Watching:MaxStreams"] = "1" } });
        var first = Watcher.Open(house.Admin(), new());
        await first.ReadyAsync();
        using (var second = Watcher.Open(house.Admin(), new()))
            Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(second.ReadyAsync)).StatusCode);

        first.Dispose();

        // The server hears of it a moment later.
        for (var attempt = 0; ; attempt++)
        {
            using var third = Watcher.Open(house.Admin(), new());
            try
            {
                await third.ReadyAsync();
                break;
            }
            catch (RpcException full) when (full.StatusCode == StatusCode.ResourceExhausted && attempt < 300)
            {
                await Task.Delay(100, Stop);
            }
        }
    }

    private sealed class Watcher(AsyncServerStreamingCall<WatchCertificatesResponse> call) : IDisposable
    {
        public static Watcher Open(CallInvoker calls, WatchCertificatesRequest request) =>
            new(new CertificateService.CertificateServiceClient(calls).WatchCertificates(request, cancellationToken: Stop));

        /// <summary>The first answer: the stream has begun.</summary>
        public async Task ReadyAsync()
        {
            Assert.True(await call.ResponseStream.MoveNext(Stop));
            Assert.Null(call.ResponseStream.Current.Event);
            Assert.NotEmpty(call.ResponseStream.Current.ResumeToken);
        }

        /// <summary>The next event.</summary>
        public async Task<WatchCertificatesResponse> NextAsync()
        {
            while (await call.ResponseStream.MoveNext(Stop))
                if (call.ResponseStream.Current.Event is not null) return call.ResponseStream.Current;
            throw new InvalidOperationException("the stream ended");
        }

        public void Dispose() => call.Dispose();
    }
}

/// <summary>Numbers that PostgreSQL gave out and that are not there yet.</summary>
[Collection(PostgresGroup.Name)]
public sealed class PostgresGapTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Gap_IsWaitedFor_AWhile()
    {
        var stop = TestContext.Current.CancellationToken;
        var clock = new FakeTimeProvider(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var store = await StoreFactory.OpenAsync(
            new StoreOptions { Provider = StoreProvider.Postgresql, ConnectionFile = await postgres.Server.CreateDatabaseAsync() }, clock, NullLoggerFactory.Instance, stop);
        AuditEvent Act(string action) => new(clock.GetUtcNow(), action, "system", "authorities/main", []);
        Task WriteAsync(string action) => store.ActAsync(_ => ValueTask.FromResult(new Acted<bool>(true, Act(action))), stop);
        var filter = new FeedFilter(null, null, [], TimeSpan.Zero);
        await WriteAsync("one");
        var feed = new CertificateFeed(store, filter, await CertificateFeed.NowAsync(store, filter, clock.GetUtcNow(), stop), clock);
        var began = feed.Position.Seq;
        // A number that is burnt, as by a transaction that is undone or not committed yet.
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.WriteAsync<bool>(async session =>
        {
            await AuditLog.AppendAsync(session, Act("undone"));
            throw new InvalidOperationException("undone");
        }, stop));
        await WriteAsync("two");

        await feed.NextAsync(stop);
        var held = feed.Position.Seq;
        clock.Advance(TimeSpan.FromSeconds(9));
        await feed.NextAsync(stop);
        var heldStill = feed.Position.Seq;
        clock.Advance(TimeSpan.FromSeconds(2));
        await feed.NextAsync(stop);

        Assert.Equal((began, began), (held, heldStill));
        Assert.Equal(began + 2, feed.Position.Seq);
    }
}

using System.Collections.Immutable;
using System.Globalization;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Watching;

/// <summary>How many may watch.</summary>
internal sealed record WatchOptions
{
    /// <summary><c>Watching:MaxStreams</c>: watchers at a time of this process; default 100.</summary>
    public int MaxStreams { get; init; } = 100;
}

/// <summary>
/// WatchCertificates: a page at a time is read and written, as fast as the watcher takes it; nothing waits in memory. Who may
/// watch is asked again while the stream lasts.
/// </summary>
internal sealed class CertificateWatch(
    IStore store, PageTokens tokens, WatchOptions options, ICallerSource callers, AccessRules rules, IHostApplicationLifetime life, TimeProvider time)
{
    private const string Query = "watchCertificates";

    // The last third of a day, which is what most certificates here live.
    private static readonly TimeSpan UsualWindow = TimeSpan.FromHours(8), LongestWindow = TimeSpan.FromDays(366);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private int watching;

    public async Task RunAsync(WatchCertificatesRequest request, IServerStreamWriter<WatchCertificatesResponse> stream, ServerCallContext context)
    {
        var filter = Read(request);
        var start = request.ResumeToken.Length > 0 ? ReadToken(request.ResumeToken) : await CertificateFeed.NowAsync(store, filter, time.GetUtcNow(), context.CancellationToken);
        if (Interlocked.Increment(ref watching) > options.MaxStreams)
        {
            Interlocked.Decrement(ref watching);
            throw new RefusalException(RefusalReason.ResourceExhausted, $"{options.MaxStreams} watch already, and no more may (Watching:MaxStreams)") { RetryAfter = Heartbeat };
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, life.ApplicationStopping);
        try
        {
            await WatchAsync(new CertificateFeed(store, filter, start, time), stream, context, stop.Token);
        }
        catch (OperationCanceledException) when (life.ApplicationStopping.IsCancellationRequested)
        {
            throw new RefusalException(RefusalReason.Unavailable, "the server stops; go on with the last resume token");
        }
        finally
        {
            Interlocked.Decrement(ref watching);
        }
    }

    private async Task WatchAsync(CertificateFeed feed, IServerStreamWriter<WatchCertificatesResponse> stream, ServerCallContext context, CancellationToken cancellationToken)
    {
        // The first one tells where the stream begins, so that a watcher always has a place to go on from.
        await stream.WriteAsync(new() { ResumeToken = Token(feed.Position) }, cancellationToken);
        var beat = time.GetTimestamp();
        while (true)
        {
            foreach (var item in await feed.NextAsync(cancellationToken))
                await stream.WriteAsync(new() { Event = item.Event, ResumeToken = Token(item.Position) }, cancellationToken);
            if (time.GetElapsedTime(beat) >= Heartbeat)
            {
                var caller = await callers.ResolveAsync(context);
                if (!rules.Allows(context.Method, caller)) throw AccessRefusals.For(context, caller);
                await stream.WriteAsync(new() { ResumeToken = Token(feed.Position) }, cancellationToken);
                beat = time.GetTimestamp();
            }
            if (!feed.IsBehind) await Task.Delay(Poll, time, cancellationToken);
        }
    }

    private static FeedFilter Read(WatchCertificatesRequest request)
    {
        var window = request.ExpiringWithin?.ToTimeSpan() ?? UsualWindow;
        if (window < TimeSpan.Zero || window > LongestWindow) throw new RefusalException(RefusalReason.InvalidArgument, "is not between 0 and 366 days") { Field = "expiring_within" };
        var provisioner = request.Provisioner.Length == 0 ? null : Wire.Id(request.Provisioner, ResourceName.Provisioners, "provisioner");
        return new FeedFilter(provisioner, request.Identifier.Length == 0 ? null : Name(request.Identifier), [.. request.Kinds], window);
    }

    private static string Name(string text)
    {
        try
        {
            return Identifier.ParseKind(text).ToString();
        }
        catch (RefusalException fault)
        {
            throw new RefusalException(RefusalReason.InvalidArgument, fault.Detail) { Field = "identifier" };
        }
    }

    private string Token(FeedPosition position) => tokens.Token(Query, Text(position.Seq), Text(position.Expiry.Time), position.Expiry.Serial);

    private FeedPosition ReadToken(string token)
    {
        var parts = tokens.Position(token, Query, 3, "resume_token");
        return new(long.Parse(parts[0], CultureInfo.InvariantCulture), new(long.Parse(parts[1], CultureInfo.InvariantCulture), parts[2]));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

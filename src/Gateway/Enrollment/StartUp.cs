using Grpc.Core;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Host;
using GrpcCa.Host.Identity;
using GrpcCa.Protocol.Identity;
using GrpcCa.V1;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>
/// What must be there before the first client connects: identity, configuration, TLS certificate. From the control
/// plane, or, while it is away, from the state directory; without either it is tried until a deadline.
/// </summary>
internal sealed class StartUp(GatewayOptions options, IdentityStore store, TimeProvider time, TextWriter notices, ILogger<StartUp> log)
{
    // With a state to start from, clients do not wait for a control plane that hangs.
    private static readonly TimeSpan PatienceWithState = TimeSpan.FromSeconds(3);
    private readonly long begin = time.GetTimestamp();
    private string? lastNotice;

    /// <summary>The stored identity, or a new one by the join token.</summary>
    /// <exception cref="StartException">There is neither, or the token is refused.</exception>
    public async Task<StoredIdentity> IdentityAsync(CancellationToken ct)
    {
        if (store.Exists)
        {
            var identity = store.Load();
            if (identity.NotAfter > time.GetUtcNow()) return identity;
            if (options.JoinTokenFile is null || !File.Exists(options.JoinTokenFile))
            {
                Notice($"the identity in '{options.State}' ended {identity.NotAfter:u}; the control plane will refuse this gateway until it joins anew");
                return identity;
            }
            identity.Dispose();
        }
        if (options.JoinTokenFile is null)
            throw new StartException($"'{options.State}' holds no identity: join first (grpcca-gateway join) or name a join token file");
        var token = ReadToken(options.JoinTokenFile);
        await JoinAsync(token, ct);
        return store.Load();
    }

    /// <summary>Joins, again and again while the control plane does not answer.</summary>
    public async Task<V1.Gateway> JoinAsync(JoinToken token, CancellationToken ct)
    {
        var gateway = await PersistAsync($"{token.Endpoint} could not be asked", async stop => await new Host.Identity.Enrollment(store, time).JoinGatewayAsync(token, stop), ct);
        log.Joined(gateway.Name);
        return gateway;
    }

    /// <summary>Fills configuration and TLS certificate.</summary>
    /// <exception cref="StartException">Nothing to start from until the deadline.</exception>
    public async Task FillAsync(ControlPlaneLink link, ConfigBook book, ConfigDuty config, TlsDuty tls, CancellationToken ct)
    {
        var kept = book.TryLoad() && tls.TryLoad() && tls.IsUsable;
        if (!kept)
        {
            await PersistAsync($"{link.Identity.Endpoint} could not be asked", stop => FetchAsync(link, config, tls, TimeSpan.FromSeconds(15), stop), ct);
            return;
        }
        try
        {
            await FetchAsync(link, config, tls, PatienceWithState, ct);
        }
        catch (Exception fault) when (IsPassing(fault))
        {
            log.StartedFromState(Reason(fault, link));
        }
    }

    /// <summary>Reads a token file.</summary>
    /// <exception cref="StartException">It cannot be read or is no token.</exception>
    public static JoinToken ReadToken(string path)
    {
        try
        {
            return JoinToken.TryParse(File.ReadAllText(path), out var token, out var fault) ? token : throw new StartException($"'{path}': {fault}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"the join token file '{path}' cannot be read: {fault.Message}", fault);
        }
    }

    private static async Task<bool> FetchAsync(ControlPlaneLink link, ConfigDuty config, TlsDuty tls, TimeSpan within, CancellationToken ct)
    {
        try
        {
            config.Accept(await link.Gateways.GetGatewayConfigAsync(new GetGatewayConfigRequest(), CallPolicy.Options(within, ct)));
            if (tls.IsDue) await tls.FetchAsync(ct);
            return true;
        }
        catch (RpcException fault) when (link.Trust.LastFault is { } wrong)
        {
            throw new RpcException(new Status(fault.StatusCode, $"{link.Identity.Endpoint} is not our control plane: {wrong}"));
        }
    }

    private async Task<T> PersistAsync<T>(string what, Func<CancellationToken, Task<T>> attempt, CancellationToken ct)
    {
        var left = options.StartDeadline - time.GetElapsedTime(begin);
        using var deadline = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(IsPassing),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(250),
                MaxDelay = TimeSpan.FromSeconds(10),
                UseJitter = true,
                OnRetry = retry =>
                {
                    Notice($"{what}, trying again: {Reason(retry.Outcome.Exception!, null)}");
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
        try
        {
            return await pipeline.ExecuteAsync(async stop => await attempt(stop), either.Token);
        }
        catch (Exception fault) when (deadline.IsCancellationRequested && !ct.IsCancellationRequested && fault is OperationCanceledException or RpcException)
        {
            throw new StartException($"{what} within {options.StartDeadline.TotalSeconds:0} s, giving up", fault);
        }
    }

    private static bool IsPassing(Exception fault) => fault is RpcException or BrokenCircuitException or InvalidDataException;

    private static string Reason(Exception fault, ControlPlaneLink? link) =>
        fault is RpcException rpc ? link?.Trust.LastFault ?? $"{rpc.StatusCode}: {rpc.Status.Detail}" : fault.Message;

    private void Notice(string text)
    {
        if (text == lastNotice) return;
        lastNotice = text;
        notices.WriteLine($"grpcca-gateway: {text}");
    }
}

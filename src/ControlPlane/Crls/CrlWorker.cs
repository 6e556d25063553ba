using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Hosting;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>
/// Looks twice a second for what changed or is due, and makes the lists. One of the processes that share a store does the
/// work at a time; the lease spares double work only, numbers are right without it.
/// </summary>
internal sealed class CrlWorker(
    IStore store, AuthorityBook authorities, CrlSigner signer, CrlOptions options, TimeProvider time, ILogger<CrlWorker> log)
    : BackgroundService
{
    /// <summary>Revocations of a moment go into one list.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Term = TimeSpan.FromSeconds(10), LongestWait = TimeSpan.FromMinutes(1), Warning = TimeSpan.FromDays(7);

    // A list that takes long to make is made less often: the signer has other work, and the disk too.
    private const int RestFactor = 4;

    private readonly Lease lease = new("crls", Term);
    private readonly Dictionary<string, Trouble> troubles = [];
    private readonly HashSet<string> told = [];

    /// <summary>Makes every list that is due now; returns how many.</summary>
    public async Task<int> RunDueAsync(CancellationToken cancellationToken)
    {
        var issuers = CrlIssuer.AllOf(await authorities.CurrentAsync(cancellationToken));
        var states = (await store.ReadAsync(CrlStore.ListStatesAsync, cancellationToken)).ToDictionary(s => s.Issuer, StringComparer.Ordinal);
        Tell(issuers, states);
        var due = issuers.Where(i => IsDue(i, states.GetValueOrDefault(i.Name), time.GetUtcNow())).ToList();
        if (due.Count == 0 || !await store.WriteAsync(session => lease.HoldAsync(session, time.GetUtcNow()), cancellationToken, Urgency.Urgent)) return 0;
        var made = 0;
        foreach (var issuer in due)
            if (await TryAsync(issuer, cancellationToken)) made++;
        await store.WriteAsync(lease.ReleaseAsync, cancellationToken, Urgency.Urgent);
        return made;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var delayed = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            try
            {
                await RunDueAsync(stoppingToken);
                delayed = false;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // Nothing is lost: what is due stays due. Said once, until it works again.
                if (!delayed) log.CrlDelayed(fault.Message, fault is StoreUnavailableException ? null : fault);
                delayed = true;
            }
            var rest = time.GetElapsedTime(began) * RestFactor;
            await Task.Delay(rest > Pause ? rest : Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool IsDue(CrlIssuer issuer, CrlState? state, DateTimeOffset now) =>
        // A time further ahead than it can be was written by a clock that was set back since.
        issuer.SignsAt(now) && (troubles.GetValueOrDefault(issuer.Name) is not { } trouble || trouble.RetryAt <= now || trouble.RetryAt > now + LongestWait)
        && (state is null || state.PublishedNumber == 0 || state.Changes > state.Covered || state.RefreshAt <= now
            // Further ahead than it can be: some clock was, so that the list is not good yet; or the lifetime was made shorter.
            || state.RefreshAt > now + options.LifetimeOf(issuer) / 3 + CrlOptions.Backdate);

    // One issuer's broken key keeps nobody else's list from being made.
    private async Task<bool> TryAsync(CrlIssuer issuer, CancellationToken cancellationToken)
    {
        try
        {
            await signer.SignAsync(issuer, "system", cancellationToken);
            troubles.Remove(issuer.Name);
            return true;
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or StoreUnavailableException))
        {
            var times = (troubles.GetValueOrDefault(issuer.Name)?.Times ?? 0) + 1;
            var wait = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(times, 16)), LongestWait.TotalSeconds));
            troubles[issuer.Name] = new Trouble(times, time.GetUtcNow() + wait);
            log.CrlFailed(issuer.Name, wait, fault);
            return false;
        }
    }

    // What people have to do themselves is said once for each list.
    private void Tell(IEnumerable<CrlIssuer> issuers, Dictionary<string, CrlState> states)
    {
        foreach (var issuer in issuers)
        {
            if (issuer.Problem is not { } problem) continue;
            var state = states.GetValueOrDefault(issuer.Name);
            if (state is not { PublishedNumber: > 0 })
            {
                if (told.Add(issuer.Name)) log.CrlMissing(issuer.Name, problem);
            }
            else if (state.RefreshAt - Warning <= time.GetUtcNow() && told.Add($"{issuer.Name} {state.PublishedNumber}"))
            {
                log.CrlEnding(issuer.Name, state.RefreshAt);
            }
        }
    }

    private sealed record Trouble(int Times, DateTimeOffset RetryAt);
}

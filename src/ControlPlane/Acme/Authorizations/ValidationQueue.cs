using System.Threading.Channels;
using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Hosting;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>One challenge to validate.</summary>
internal readonly record struct ValidationJob(string AuthorizationId, string ChallengeId);

/// <summary>
/// Runs validations, a bounded number at once; who comes when all places and the queue are taken waits. What a stopped
/// replica left unfinished is taken up again at the start.
/// </summary>
internal sealed class ValidationQueue(ChallengeWorker worker, IStore store, ValidationQueueOptions options, ILogger<ValidationQueue> log) : BackgroundService
{
    private readonly Channel<Queued> channel = Channel.CreateBounded<Queued>(options.QueueLength);

    /// <summary>The replica that claims challenges.</summary>
    public string Replica => options.Replica;

    /// <summary>Queues a validation and waits for its end, but no longer than <see cref="ValidationQueueOptions.AnswerWithin"/>.</summary>
    public async Task RunAsync(ValidationJob job, CancellationToken cancellationToken)
    {
        var queued = new Queued(job, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        // The claim is in the store already: the job must be queued even when this client goes away.
        await channel.Writer.WriteAsync(queued, CancellationToken.None);
        try
        {
            await queued.Done.Task.WaitAsync(options.AnswerWithin, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The client polls; the status says processing.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var workers = Enumerable.Range(0, options.Parallel).Select(_ => WorkAsync(stoppingToken)).ToList();
        await ResumeAsync(stoppingToken);
        await Task.WhenAll(workers);
    }

    private async Task ResumeAsync(CancellationToken stoppingToken)
    {
        const int batch = 1000;
        var left = await store.ReadAsync(s => AuthorizationStore.ListProcessingAsync(s, options.Replica, batch), stoppingToken);
        foreach (var authorization in left)
            foreach (var challenge in authorization.Challenges.Where(c => c.Status == ChallengeStatus.Processing))
                await channel.Writer.WriteAsync(new Queued(new ValidationJob(authorization.Id, challenge.Id), new TaskCompletionSource()), stoppingToken);
        if (left.Count > 0) log.Resumed(left.Count);
    }

    private async Task WorkAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var queued in channel.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    await worker.ValidateAsync(queued.Job, stoppingToken);
                }
                catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    // The claim stays; the next start takes it up again.
                    log.WorkerFailed(queued.Job.AuthorizationId, fault);
                }
                finally
                {
                    queued.Done.TrySetResult();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program stops.
        }
    }

    private sealed record Queued(ValidationJob Job, TaskCompletionSource Done);
}

/// <summary>Bounds of the queue.</summary>
internal sealed record ValidationQueueOptions
{
    /// <summary>This replica's id, stable over restarts; default <c>main</c>.</summary>
    public string Replica { get; init; } = "main";

    /// <summary>Validations at once; default 64.</summary>
    public int Parallel { get; init; } = 64;

    /// <summary>Validations that wait; default 10,000.</summary>
    public int QueueLength { get; init; } = 10_000;

    /// <summary>How long the answer to a challenge POST waits for the result; default 300 ms.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromMilliseconds(300);
}

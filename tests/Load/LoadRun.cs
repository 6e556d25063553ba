using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using GrpcCa.Load.Acme;
using GrpcCa.Load.Answers;
using GrpcCa.Load.Http;
using GrpcCa.Load.Measures;

namespace GrpcCa.Load;

/// <summary>Starts the responders and the clients, lets them warm up, opens the measured window and closes it.</summary>
internal sealed class LoadRun(LoadOptions options)
{
    private const int KeysPerClient = 4;

    private static readonly TimeSpan AfterError = TimeSpan.FromMilliseconds(50), LastRequests = TimeSpan.FromSeconds(30), Registration = TimeSpan.FromSeconds(60);

    private readonly TlsTrust trust = new(options.CaFile);
    private readonly ChallengeAnswers answers = new();
    private readonly Tally tally = new();
    private int begun;
    private volatile bool counting;

    public async Task<Report> RunAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var http = options.Mode == LoadMode.Issue ? new HttpResponder(new IPEndPoint(IPAddress.Loopback, options.HttpPort), answers) : null;
        using var dns = options.DnsPort is { } port ? new DnsResponder(new IPEndPoint(IPAddress.Loopback, port)) : null;
        Task[] responders = [http?.RunAsync(over.Token) ?? Task.CompletedTask, dns?.RunAsync(over.Token) ?? Task.CompletedTask];
        var threads = Enumerable.Range(0, options.Threads).Select(_ => new ClientThread()).ToArray();
        var directory = await threads[0].RunAsync(() => AcmeDirectory.LoadAsync(options.Directory, trust, cancellationToken));

        var clients = Enumerable.Range(0, options.Clients).Select(i => new Client(i, threads[i % threads.Length], new AcmeSession(directory, trust), new StepTimes())).ToList();
        if (options.Mode == LoadMode.Issue)
            await RegisterAsync(clients, cancellationToken);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = clients.Select(client => client.Thread.RunAsync(() => WorkAsync(client, directory, stop.Token, cut.Token))).ToList();
        await Task.Delay(options.WarmUp, cancellationToken);

        foreach (var client in clients) client.Steps.Reset();
        var watch = new ServerWatch(options.Processes, options.Files);
        var sampling = watch.SampleAsync(over.Token);
        var before = watch.Begin();
        var ownBefore = Environment.CpuUsage.TotalTime;
        var startedAt = Stopwatch.GetTimestamp();
        begun = 0;
        counting = true;
        tally.Open();
        await Task.WhenAny(Task.WhenAll(work), Task.Delay(options.Measured, cancellationToken));
        tally.Close();
        var elapsed = Stopwatch.GetElapsedTime(startedAt);
        var own = Environment.CpuUsage.TotalTime - ownBefore;
        var after = watch.Read();

        await stop.CancelAsync();
        cut.CancelAfter(LastRequests);
        await Task.WhenAll(work);
        await over.CancelAsync();
        await Task.WhenAll([.. responders, sampling]);
        var report = Report.Of(options, tally, clients.Select(c => (c.Steps, c.Session.NonceRetries)), elapsed, own, before, after, watch);
        foreach (var client in clients) await client.Thread.RunAsync(() => client.Session.DisposeAsync().AsTask());
        foreach (var thread in threads) thread.Dispose();
        return report;
    }

    // A server that takes fewer connections than there are clients may leave the others waiting.
    private static async Task RegisterAsync(List<Client> clients, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Registration);
        for (var i = 0; i < clients.Count; i++)
        {
            try
            {
                var session = clients[i].Session;
                await clients[i].Thread.RunAsync(() => session.RegisterAsync(limit.Token));
            }
            catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
            {
                throw new IOException($"only {i} of {clients.Count} accounts were made within {Registration.TotalSeconds:0} s", fault);
            }
        }
    }

    private async Task WorkAsync(Client client, AcmeDirectory directory, CancellationToken stop, CancellationToken cut)
    {
        var issuance = new Issuance(client.Session, directory, answers, client.Steps);
        var keys = Enumerable.Range(0, KeysPerClient).Select(_ => new RequestKey()).ToArray();
        // Names are new in every run too, so that no earlier authorization is used again.
        var prefix = $"{Environment.ProcessId:x}-{Stopwatch.GetTimestamp():x}-{client.Index}";
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            if (counting && Interlocked.Increment(ref begun) > options.Count) break;
            var startedAt = Stopwatch.GetTimestamp();
            try
            {
                await OnceAsync(client, issuance, $"{prefix}-{i}.{options.Names}", keys[i % KeysPerClient], cut);
                tally.Succeeded(startedAt);
            }
            catch (AcmeProblemException problem)
            {
                tally.Failed(problem.Kind, problem.Message);
                await RestAsync(stop);
            }
            catch (Exception fault) when (fault is IOException or SocketException or AuthenticationException or JsonException or KeyNotFoundException or OperationCanceledException)
            {
                tally.Failed(fault.GetType().Name, fault.Message);
                await RestAsync(stop);
            }
        }
        foreach (var key in keys) key.Dispose();
    }

    private async ValueTask OnceAsync(Client client, Issuance issuance, string name, RequestKey key, CancellationToken cancellationToken)
    {
        if (options.Mode == LoadMode.Issue)
        {
            await issuance.RunAsync(name, key, cancellationToken);
            return;
        }
        var reply = options.Mode == LoadMode.Nonce
            ? await client.Session.HeadNonceAsync(cancellationToken)
            : await client.Session.GetDirectoryAsync(cancellationToken);
        if (!reply.Ok || (options.Mode == LoadMode.Nonce && reply.Nonce is null)) throw AcmeProblemException.Of(options.Mode.ToString(), reply);
    }

    // A failing server is not also to be flooded.
    private static async Task RestAsync(CancellationToken stop)
    {
        try
        {
            await Task.Delay(AfterError, stop);
        }
        catch (OperationCanceledException)
        {
            // The run is over; the loop ends.
        }
    }

    private sealed record Client(int Index, ClientThread Thread, AcmeSession Session, StepTimes Steps);
}

using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Grpc.Core;
using GrpcCa.Gateway.Enrollment;
using GrpcCa.Host;
using GrpcCa.Host.Identity;
using GrpcCa.Protocol.Identity;

namespace GrpcCa.Gateway;

/// <summary>The command line of <c>grpcca-gateway</c>. Exit codes: 0 stopped as asked, 1 could not start or failed, 2 wrong usage or configuration.</summary>
internal static class Program
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    // The platform's, with no other way to set them.
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", PollingThreads = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    public static async Task<int> Main(string[] args)
    {
        SystemRoots.LeaveUnread();
        PollAndTakeUp();
        var parsed = Commands().Parse(args);
        if (parsed.Errors.Count == 0) return await parsed.InvokeAsync();
        foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync($"grpcca-gateway: {error.Message}");
        await Console.Error.WriteLineAsync("grpcca-gateway: see grpcca-gateway --help");
        return WrongUsage;
    }

    private static RootCommand Commands()
    {
        var config = new Option<string?>("--config") { Description = "JSON configuration file", HelpName = "FILE" };
        var listen = new Option<string?>("--listen") { Description = "address and port for HTTPS; default 127.0.0.1:14000", HelpName = "HOST:PORT" };
        var http = new Option<string?>("--http") { Description = "address and port for plain HTTP; default 127.0.0.1:14080", HelpName = "HOST:PORT" };
        var state = new Option<string?>("--state") { Description = "directory for identity, TLS certificate and last configuration", HelpName = "DIR" };
        var tokenFile = new Option<string?>("--join-token-file") { Description = "file with a one-time join token, used while there is no identity", HelpName = "FILE" };
        var run = new Command("run", "Serves ACME clients.\n\nExample: grpcca-gateway run --state /var/lib/grpcca-gateway --join-token-file token") { config, listen, http, state, tokenFile };
        run.SetAction((result, _) => GuardedAsync(async ct => await RunAsync(GatewayOptions.Read(new ConfigurationReader(ConfigurationReader.Load(result.GetValue(config), Flags(
            ("listen", result.GetValue(listen)), ("http", result.GetValue(http)), ("state", result.GetValue(state)), ("joinTokenFile", result.GetValue(tokenFile)))))), ct)));

        var token = new Argument<string?>("TOKEN") { Description = "the join token as `grpcca gateway create` printed it", Arity = ArgumentArity.ZeroOrOne };
        var joinTokenFile = new Option<string?>("--token-file") { Description = "file that holds the token", HelpName = "FILE" };
        var joinState = new Option<string>("--state") { Description = "directory that will hold the identity", HelpName = "DIR", Required = true };
        var join = new Command("join", "Joins a control plane without serving.\n\nExample: grpcca-gateway join --token-file token --state /var/lib/grpcca-gateway") { token, joinTokenFile, joinState };
        join.Validators.Add(result =>
        {
            if ((result.GetValue(token) is null) == (result.GetValue(joinTokenFile) is null)) result.AddError("give either TOKEN or --token-file");
        });
        join.SetAction((result, _) => GuardedAsync(ct => JoinAsync(result.GetValue(token), result.GetValue(joinTokenFile), result.GetValue(joinState)!, ct)));

        return new RootCommand("ACME gateway of GrpcCa") { run, join };
    }

    private static async Task RunAsync(GatewayOptions options, CancellationToken ct)
    {
        ShareProcessors();
        using var logs = Logs(options.LogLevel);
        await using var app = await GatewayApp.StartAsync(options, TimeProvider.System, logs, Console.Error, ct);
        await Console.Out.WriteLineAsync($"gateway ready {app.Https.OriginalString} {app.Http.OriginalString}");
        await Console.Out.FlushAsync(ct);
        GiveBackMemory();
        var stop = Task.Delay(Timeout.Infinite, ct);
        if (await Task.WhenAny(stop, app.Failure) != stop) await app.Failure;
        await app.StopAsync();
    }

    private static async Task JoinAsync(string? text, string? file, string state, CancellationToken ct)
    {
        var token = file is not null ? StartUp.ReadToken(file)
            : JoinToken.TryParse(text!, out var parsed, out var fault) ? parsed : throw new StartException(fault);
        var store = new IdentityStore(state);
        if (store.Exists) throw new StartException($"'{state}' holds an identity already; remove it first to join anew");
        using var logs = Logs(LogLevel.Warning);
        var start = new StartUp(new GatewayOptions { State = state }, store, TimeProvider.System, Console.Error, logs.CreateLogger<StartUp>());
        var gateway = await start.JoinAsync(token, ct);
        await Console.Out.WriteLineAsync($"joined as {gateway.Name}");
    }

    // One clear line on stderr for whatever a person can put right; everything else is a surprise and shows itself.
    private static async Task<int> GuardedAsync(Func<CancellationToken, Task> work)
    {
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await work(stop.Token);
            return 0;
        }
        catch (ConfigurationException fault)
        {
            foreach (var problem in fault.Problems) await Console.Error.WriteLineAsync($"grpcca-gateway: {problem}");
            return WrongUsage;
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception fault) when (fault is StartException or IdentityException or InvalidDataException or IOException or UnauthorizedAccessException or RpcException)
        {
            await Console.Error.WriteLineAsync($"grpcca-gateway: {(fault is RpcException rpc ? rpc.Status.Detail : fault.Message)}");
            return Failed;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    // A thread that polls a socket takes what arrived to where it is waited for, instead of waking another for that (docs/performance.md). Requests
    // themselves are the pool's business still: nothing that could block runs on a thread that polls. Two of them, or a quarter of the processors,
    // and not one for each, which would be the platform's choice then.
    private static void PollAndTakeUp()
    {
        SetUnlessSet(InlineCompletions, "1");
        SetUnlessSet(PollingThreads, Math.Max(Math.Min(2, Environment.ProcessorCount), Environment.ProcessorCount / 4).ToString(CultureInfo.InvariantCulture));

        static void SetUnlessSet(string name, string value)
        {
            if (Environment.GetEnvironmentVariable(name) is null) Environment.SetEnvironmentVariable(name, value);
        }
    }

    // The pool begins with one thread (the project file says why). A quarter of the processors is about the gateway's share of an issuance's work,
    // so that on a large machine one thread is not what clients wait for.
    private static void ShareProcessors()
    {
        ThreadPool.GetMinThreads(out var workers, out var io);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount / 4), io);
    }

    // What only the start needed is a sixth of an idle gateway (docs/performance.md).
    private static void GiveBackMemory() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    private static IEnumerable<KeyValuePair<string, string?>> Flags(params (string Key, string? Value)[] flags) =>
        flags.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Key, f.Value));

    // stdout belongs to the ready line.
    private static ILoggerFactory Logs(LogLevel level) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", LogLevel.Warning)
        // It makes an activity for each request that anybody could log about.
        .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
        // Their faults come here as exceptions and are said in one line.
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddFilter("Grpc.Net", LogLevel.None)
        .AddLogLines());
}

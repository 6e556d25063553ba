using System.Diagnostics;
using Grpc.Net.Client;
using GrpcCa.Protocol.Identity;
using GrpcCa.V1;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>The control plane of <c>./run</c> by itself, with its words where they can be read when its disk cannot; and an operator.</summary>
internal sealed class LoneServer : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Task<string> errors;
    private readonly GrpcChannel channel;

    private LoneServer(Process process, string data)
    {
        this.process = process;
        errors = process.StandardError.ReadToEndAsync();
        channel = ControlPlaneChannel.OpenUnix(Path.Combine(data, "admin.sock"));
    }

    public static async Task<LoneServer> StartAsync(string data, int reserveMebibytes = 1)
    {
        await ProgramRun.SucceedAsync(SourceTree.At("run"), ["--build-only"], within: TimeSpan.FromMinutes(15));
        Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo(SourceTree.At("artifacts/run/grpcca-server/grpcca-server"),
            ["run", "--init", "--set", $"Data:Directory={data}", "--set", $"Admin:Socket={data}/admin.sock", "--set", "Grpc:Listen=127.0.0.1:0", "--set", $"Storage:ReserveMib={reserveMebibytes}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var server = new LoneServer(Process.Start(start)!, data);
        using var bound = new CancellationTokenSource(Bound);
        while (await server.process.StandardOutput.ReadLineAsync(bound.Token) is { } line)
            if (line.StartsWith("ready", StringComparison.Ordinal)) return server;
        throw new InvalidOperationException($"the control plane did not get ready: {await server.errors}");
    }

    /// <summary>An act: it is there when this returns.</summary>
    public async Task AddOperatorAsync(string id) => await new OperatorService.OperatorServiceClient(channel)
        .CreateOperatorAsync(new CreateOperatorRequest { OperatorId = id, Operator = new Operator { Role = Role.Auditor } }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Bound);

    /// <summary>An urgent act.</summary>
    public async Task DisableOperatorAsync(string id) => await new OperatorService.OperatorServiceClient(channel)
        .DisableOperatorAsync(new DisableOperatorRequest { Name = $"operators/{id}" }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Bound);

    /// <summary>Ids of all operators.</summary>
    public async Task<HashSet<string>> OperatorsAsync()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var request = new ListOperatorsRequest { PageSize = 100 };
        do
        {
            var page = await new OperatorService.OperatorServiceClient(channel).ListOperatorsAsync(request, deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Bound);
            found.UnionWith(page.Operators.Select(o => o.Name.Split('/')[^1]));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return found;
    }

    /// <summary>Waits until it ends by itself; its exit code and what it said.</summary>
    public async Task<(int Code, string Said)> EndAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        await process.WaitForExitAsync(bound.Token);
        return (process.ExitCode, await errors);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        channel.Dispose();
        process.Dispose();
    }
}

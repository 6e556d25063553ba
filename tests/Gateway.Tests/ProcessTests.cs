using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace GrpcCa.Gateway.Tests;

/// <summary>The program as people start it: lines on stdout and stderr, exit codes, signals.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Run_Ready_PrintsItsAddressesAndStopsOnSigterm()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        using var gateway = Start("run", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--state", rig.Options.State, "--join-token-file", rig.Options.JoinTokenFile!);
        var ready = (await gateway.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken))!.Split(' ');
        Assert.Equal(["gateway", "ready"], ready[..2]);
        using var client = rig.Client(new Uri(ready[3]).Port, ready[3]);
        using var health = await client.GetAsync("/health", TestContext.Current.CancellationToken);
        Assert.True(health.IsSuccessStatusCode);
        Assert.StartsWith("https://127.0.0.1:", ready[2], StringComparison.Ordinal);

        var begin = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, Kill(gateway.Id, Sigterm));
        await gateway.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, gateway.ExitCode);
        Assert.InRange(TimeProvider.System.GetElapsedTime(begin), TimeSpan.Zero, TimeSpan.FromSeconds(6));
        Assert.DoesNotContain(rig.Plane.Secret, await gateway.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RootsOfTheSystem_AreLeftUnread()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        var roots = Directory.CreateTempSubdirectory("grpcca-roots-").FullName;
        await File.WriteAllTextAsync($"{roots}/roots.pem", "none", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync($"{roots}/mark", "the end", TestContext.Current.CancellationToken);
        using var watch = new FileSystemWatcher(roots) { NotifyFilter = NotifyFilters.LastAccess };
        var read = new List<string?>();
        var marked = new TaskCompletionSource();
        watch.Changed += (_, file) =>
        {
            lock (read) read.Add(file.Name);
            if (file.Name == "mark") marked.TrySetResult();
        };
        watch.EnableRaisingEvents = true;
        using var gateway = StartProgram("/bin/sh", "-c", $"SSL_CERT_DIR='{roots}' SSL_CERT_FILE='{roots}/roots.pem' exec \"$0\" \"$@\"", Binary,
            "run", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--state", rig.Options.State, "--join-token-file", rig.Options.JoinTokenFile!);
        try
        {
            var ready = await gateway.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            Assert.StartsWith("gateway ready https://", ready, StringComparison.Ordinal);
            // What was read before this was told before this.
            await File.ReadAllTextAsync($"{roots}/mark", TestContext.Current.CancellationToken);
            await marked.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            lock (read) Assert.DoesNotContain("roots.pem", read);
        }
        finally
        {
            _ = Kill(gateway.Id, Sigkill);
            await gateway.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(roots, recursive: true);
        }
    }

    [Fact]
    public async Task Run_WithFewFiles_ClosesConnectionsTooMany_AndServesTheOthers()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        // The shell's limit is the program's, which is not started by it but becomes it.
        using var gateway = StartProgram("/bin/sh", "-c", "ulimit -n 320; exec \"$0\" \"$@\"", Binary,
            "run", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--state", rig.Options.State, "--join-token-file", rig.Options.JoinTokenFile!);
        var many = new List<Socket>();
        var taken = 0;
        try
        {
            var ready = (await gateway.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken))!.Split(' ');
            var port = new Uri(ready[3]).Port;
            for (var i = 0; i < 280; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                many.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
                // Those that are not taken hear it, and none waits for nothing.
                if (await HealthAsync(socket).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)) taken++;
            }
            foreach (var socket in many) socket.Dispose();
            using var client = rig.Client(port, ready[3]);
            using var after = await client.GetAsync("/health", TestContext.Current.CancellationToken);

            Assert.True(after.IsSuccessStatusCode);
        }
        finally
        {
            foreach (var socket in many) socket.Dispose();
            _ = Kill(gateway.Id, Sigterm);
        }
        await gateway.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.InRange(taken, 8, 279);
        Assert.Contains($"Only {taken} connections are taken at a time instead of 4096: the process may open 320 files", await gateway.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RichErrorAndFullAnswer_AreRendered()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        Endpoints.Canned.Fill(rig.Plane);
        using var gateway = Start("run", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--state", rig.Options.State, "--join-token-file", rig.Options.JoinTokenFile!);
        try
        {
            var ready = (await gateway.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken))!.Split(' ');
            using var client = rig.Client(new Uri(ready[2]).Port, GatewayRig.Origin);
            using var order = await rig.SendAsync(HttpMethod.Post, "/acme/acme/new-order", content: GatewayRig.With(new StringContent("{}"), "application/jose+json"), client: client);
            Assert.Equal(HttpStatusCode.Created, order.StatusCode);
            Assert.NotEmpty(GatewayRig.Header(order, "Replay-Nonce"));
            rig.Plane.AcmeFault = () => new Google.Rpc.Status
            {
                Code = (int)StatusCode.InvalidArgument,
                Details = { Any.Pack(new V1.AcmeProblem { Type = "badNonce", Status = 400, Detail = "used before" }) },
            }.ToRpcException();
            using var refused = await rig.SendAsync(HttpMethod.Post, "/acme/acme/new-order", content: GatewayRig.With(new StringContent("{}"), "application/jose+json"), client: client);
            Assert.Equal("used before", (await GatewayRig.ProblemAsync(refused, 400, "badNonce")).GetProperty("detail").GetString());
        }
        finally
        {
            _ = Kill(gateway.Id, Sigterm);
        }
    }

    [Fact]
    public async Task Run_PortInUse_IsOneLine()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var (code, _, error) = await EndAsync("run", "--listen", taken.LocalEndpoint.ToString()!, "--http", "127.0.0.1:0", "--state", rig.Options.State, "--join-token-file", rig.Options.JoinTokenFile!);
        Assert.Equal(1, code);
        var line = Assert.Single(error.Trim().Split('\n'), l => l.StartsWith("grpcca-gateway: ", StringComparison.Ordinal));
        Assert.Contains("address already in use", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "grpcca-gateway: state: is required", "run")]
    [InlineData(2, "grpcca-gateway: listen: 'nowhere' is not an address", "run", "--state", "/nonexistent", "--listen", "nowhere")]
    [InlineData(2, "grpcca-gateway: configuration file '/nonexistent.json' does not exist", "run", "--config", "/nonexistent.json")]
    [InlineData(2, "--stat", "run", "--stat", "x")]
    [InlineData(2, "give either TOKEN or --token-file", "join", "--state", "/tmp/x")]
    [InlineData(1, "grpcca-gateway: ", "run", "--state", "/proc/grpcca")]
    [InlineData(1, "a join token has four parts", "join", "nonsense", "--state", "/nonexistent")]
    [InlineData(1, "the join token file '/nonexistent' cannot be read", "join", "--token-file", "/nonexistent", "--state", "/nonexistent")]
    public async Task Start_Wrong_SaysSoWithItsExitCode(int code, string text, params string[] arguments)
    {
        var (exit, output, error) = await EndAsync(arguments);
        Assert.Contains(text, error, StringComparison.Ordinal);
        Assert.Equal(code, exit);
        Assert.Equal("", output);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_Token_MakesAnIdentityOnce()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        var (code, output, _) = await EndAsync("join", "--token-file", rig.Options.JoinTokenFile!, "--state", rig.Options.State);
        Assert.Equal("joined as gateways/edge", output.Trim());
        Assert.Equal(0, code);
        var again = await EndAsync("join", rig.Plane.Token.Encode(), "--state", rig.Options.State);
        Assert.Equal(1, again.Code);
        Assert.Contains("holds an identity already", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_IsPrinted()
    {
        var (code, output, _) = await EndAsync("--version");
        Assert.Equal(0, code);
        Assert.Equal("0.1.0", output.Trim());
    }

    // TEST_GATEWAY_BINARY runs the same tests against another build, such as the Native AOT one.
    private static string Binary => Environment.GetEnvironmentVariable("TEST_GATEWAY_BINARY") ?? Path.Combine(AppContext.BaseDirectory, "grpcca-gateway");

    private static Process Start(params string[] arguments) => StartProgram(Binary, arguments);

    // True with an answer, false when the connection was closed.
    private static async Task<bool> HealthAsync(Socket socket)
    {
        try
        {
            await socket.SendAsync("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            return await socket.ReceiveAsync(new byte[16], TestContext.Current.CancellationToken) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Process StartProgram(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static async Task<(int Code, string Output, string Error)> EndAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    private const int Sigkill = 9, Sigterm = 15;

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}

using System.Diagnostics;
using System.Net.Sockets;

namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>A site's own web server on the validation port, as a client that answers by files needs it.</summary>
internal sealed class StaticWeb : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private readonly Process process;

    private StaticWeb(Process process, string root)
    {
        this.process = process;
        Root = root;
    }

    /// <summary>What it serves.</summary>
    public string Root { get; }

    /// <summary>Where clients write their answers.</summary>
    public string Challenges => Path.Combine(Root, ".well-known", "acme-challenge");

    /// <summary>Returns when it answers.</summary>
    public static async Task<StaticWeb> StartAsync(TestSite site)
    {
        var root = site.At("web");
        Directory.CreateDirectory(Path.Combine(root, ".well-known", "acme-challenge"));
        var start = new ProcessStartInfo("python3", ["-m", "http.server", $"{site.Port}", "--bind", site.Address.ToString(), "--directory", root])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("python3 did not start");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await AnswersAsync(site.Address, site.Port, process);
        return new(process, root);
    }

    /// <summary>Tries to connect until it works.</summary>
    public static async Task AnswersAsync(System.Net.IPAddress address, int port, Process server)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(address, port, bound.Token);
                return;
            }
            catch (SocketException) when (!server.HasExited)
            {
                await Task.Yield();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}

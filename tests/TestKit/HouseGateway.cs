using System.Net;
using GrpcCa.Gateway;
using GrpcCa.Host.Identity;
using GrpcCa.Protocol.Identity;
using Microsoft.Extensions.Logging;

namespace GrpcCa.TestKit;

/// <summary>A real gateway of a house.</summary>
internal sealed class HouseGateway(string id, string origin, string directory, ILoggerFactory log) : IAsyncDisposable
{
    private readonly StringWriter notices = new();
    private GatewayApp? app;

    public string Id => id;

    /// <summary>Its first base URL; a name that only the house's HTTP client resolves.</summary>
    public string Origin => origin;

    /// <summary>Where it really listens for ACME.</summary>
    public Uri Https => app!.Https;

    /// <summary>Where it listens for plain HTTP.</summary>
    public Uri Http => app!.Http;

    /// <summary>After how many failed calls it tries none for a while.</summary>
    public int BreakAfter { get; init; } = new GatewayOptions().BreakAfter;

    /// <summary>Joins by a token and serves.</summary>
    public async Task JoinAsync(string token)
    {
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(TokenFile, token);
        await StartAsync();
    }

    /// <summary>Stops and serves again from what it kept.</summary>
    public async Task RestartAsync()
    {
        await DisposeAsync();
        await StartAsync();
    }

    /// <summary>What it proves itself with; the caller's to dispose of.</summary>
    public StoredIdentity LoadIdentity() => new IdentityStore(State).Load();

    public async ValueTask DisposeAsync()
    {
        if (app is null) return;
        await app.DisposeAsync();
        app = null;
    }

    private string State => Path.Combine(directory, "state");

    private string TokenFile => Path.Combine(directory, "token");

    private async Task StartAsync() => app = await GatewayApp.StartAsync(new GatewayOptions
    {
        Listen = new IPEndPoint(IPAddress.Loopback, 0),
        Http = new IPEndPoint(IPAddress.Loopback, 0),
        State = State,
        JoinTokenFile = TokenFile,
        StartDeadline = TimeSpan.FromSeconds(20),
        BreakAfter = BreakAfter,
    }, TimeProvider.System, log, notices, CancellationToken.None);
}

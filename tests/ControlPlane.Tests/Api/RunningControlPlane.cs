using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>A whole control plane on loopback with a CA of its own, in a directory that goes with it.</summary>
public sealed class RunningControlPlane : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("grpcca-api-").FullName;
    private readonly List<IDisposable> opened = [];
    private KeyValuePair<string, string?>[] settings = [];
    private IStore? store;
    private WebApplication? app;

    internal IStore Store => store!;

    internal IServiceProvider Services => app!.Services;

    internal ControlPlaneOptions Options { get; private set; } = null!;

    internal string Address => Services.GetRequiredService<ListeningEndpoint>().Address;

    /// <summary>Settings beside the usual ones, before it starts.</summary>
    internal void Use(params KeyValuePair<string, string?>[] more) => settings = more;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(directory, SyncedFile.PrivateDirectory);
        Options = Read(directory, settings);
        SyncedFile.Write(Options.PasswordFile, RandomNumberGenerator.GetHexString(64).Select(c => (byte)c).ToArray(), SyncedFile.Private);
        await StartAsync(mayFound: true);
    }

    /// <summary>Starts as another replica: the same store and keys, an endpoint and an admin socket of its own.</summary>
    internal async Task JoinAsync(RunningControlPlane first)
    {
        File.SetUnixFileMode(directory, SyncedFile.PrivateDirectory);
        // An embedded database is one control plane's: there the other one looks on without a turn of its own.
        var replica = first.Options.Storage.Provider == StoreProvider.Sqlite ? "" : "second";
        Options = first.Options with
        {
            AdminSocket = Path.Combine(directory, "admin.sock"),
            ReplicaId = "second",
            Storage = first.Options.Storage with { Replica = replica },
            ValidationQueue = first.Options.ValidationQueue with { Replica = "second" },
        };
        await StartAsync(mayFound: false);
    }

    private async Task StartAsync(bool mayFound)
    {
        store = await OpenStoreAsync(Options.Storage);
        app = ControlPlaneApp.Build(Options, store, TimeProvider.System);
        await Services.GetRequiredService<StartUp>().PrepareAsync(mayFound, TestContext.Current.CancellationToken);
        await app.StartAsync();
    }

    /// <summary>Another process's view of the same data.</summary>
    internal Task<IStore> OpenStoreAsync() => OpenStoreAsync(Options.Storage with { Replica = "" });

    private static Task<IStore> OpenStoreAsync(StoreOptions options) =>
        StoreFactory.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);

    /// <summary>A channel over the admin socket.</summary>
    internal CallInvoker Admin() => Track(GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Options.AdminSocket), ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
    })).CreateCallInvoker();

    /// <summary>A channel over TLS, with or without a client certificate.</summary>
    internal CallInvoker Remote(X509Certificate2? identity = null)
    {
        var ssl = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null };
        if (identity is not null) ssl.ClientCertificateContext = SslStreamCertificateContext.Create(identity, additionalCertificates: null, offline: true);
        return Track(GrpcChannel.ForAddress($"https://{Address}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { SslOptions = ssl },
        })).CreateCallInvoker();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in opened) one.Dispose();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
        if (store is not null) await store.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    private static ControlPlaneOptions Read(string directory, IEnumerable<KeyValuePair<string, string?>> more) => ControlPlaneOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(
    [
        new("Data:Directory", directory),
        new("Grpc:Listen", "127.0.0.1:0"),
        .. more,
    ]).Build());

    private GrpcChannel Track(GrpcChannel channel)
    {
        opened.Add(channel);
        return channel;
    }
}

/// <summary>Tests that share one control plane; each uses ids of its own.</summary>
[CollectionDefinition(Name)]
public sealed class ControlPlaneGroup : ICollectionFixture<RunningControlPlane>
{
    public const string Name = "control plane";
}

/// <summary>Rich errors, read the way a client reads them.</summary>
internal static class RichErrors
{
    public static string Reason(this RpcException fault) => fault.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason;

    public static string[] Fields(this RpcException fault) =>
        [.. fault.GetRpcStatus()?.GetDetail<Google.Rpc.BadRequest>()?.FieldViolations.Select(v => v.Field) ?? []];
}

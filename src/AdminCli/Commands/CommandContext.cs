using System.CommandLine;
using System.Security.Cryptography;
using Grpc.Core;
using GrpcCa.AdminCli.Connection;
using GrpcCa.Host;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol.Identity;

namespace GrpcCa.AdminCli.Commands;

/// <summary>What one run of a verb works with: its arguments, the server, and the way to print.</summary>
internal sealed class CommandContext(ParseResult line, GlobalOptions globals, CliEnvironment environment, CancellationToken cancel) : IDisposable
{
    private ControlPlaneLink? link;
    private ServerAddress? address;

    public Printer Printer { get; } = new(environment, globals.FormatOf(line), globals.ColoursOf(line, environment));

    public CliEnvironment Environment => environment;

    public CancellationToken Cancel => cancel;

    /// <summary>The server that is meant; <c>login</c> sets the one of its token.</summary>
    public ServerAddress Address
    {
        get => address ??= globals.AddressOf(line, environment);
        set => address = value;
    }

    /// <summary>The server and identity that the line itself names, in forms that hold in every directory; null where it does not.</summary>
    public (string? Server, string? Identity) GivenServer => (
        line.GetValue(globals.Server) is null ? null : Address.ToString(),
        line.GetValue(globals.Identity) is null ? null : IdentityDirectory);

    /// <summary>The context that the line or the environment names; null when neither does.</summary>
    public string? NamedContext => globals.NamedContextOf(line, environment);

    public string IdentityDirectory => globals.IdentityOf(line, environment);

    /// <summary>Bounds every call whatever the person said; completions do not keep anybody waiting.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.MaxValue;

    public bool HasTimeout => line.GetValue(globals.Timeout) is not null;

    public TimeSpan Timeout => (line.GetValue(globals.Timeout) ?? GlobalOptions.UsualTimeout) is var wanted && wanted < Longest ? wanted : Longest;

    public DateTimeOffset Now => environment.Time.GetUtcNow();

    /// <summary>The connection, made at the first call.</summary>
    public CallInvoker Server => (link ??= ControlPlaneLink.Open(Address, IdentityDirectory, environment.Time)).Invoker;

    /// <summary>Makes the connection without a client certificate; the server is known by the fingerprint of its identity root.</summary>
    public async Task ConnectWithoutLoginAsync(ReadOnlyMemory<byte> rootSha256) =>
        link ??= await ControlPlaneLink.OpenWithoutLoginAsync(Address, rootSha256, environment.Time, cancel);

    /// <summary>Deadline and cancellation of one call. gRPC compares deadlines with the machine's clock.</summary>
    public CallOptions Call => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Timeout, cancellationToken: cancel);

    public T Get<T>(Option<T> option) => line.GetValue(option)!;

    public T Get<T>(Argument<T> argument) => line.GetValue(argument)!;

    /// <summary>Whether the person wrote the option.</summary>
    public bool Has(Option option) => line.GetResult(option) is { Implicit: false };

    /// <summary>Awaits a call about a resource; when there is no such one, the closest one is suggested.</summary>
    public async Task<T> AboutAsync<T>(string resource, AsyncUnaryCall<T> call)
    {
        try
        {
            return await call;
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.NotFound && RpcFailures.IsAbout(refused, resource))
        {
            var failure = FailureOf(refused);
            throw await KnownResources.ClosestAsync(this, resource) is { } close ? failure.WithHint($"did you mean '{close}'?") : failure;
        }
    }

    /// <summary>A point in time from an option; null when it was not given.</summary>
    public DateTimeOffset? GetTime(Option<string?> option)
    {
        if (line.GetValue(option) is not { } text) return null;
        return When.TryParse(text, Now, out var time) ? time : throw CliFailure.Usage($"{option.Name} '{text}' is not {When.Forms}");
    }

    /// <summary>The same, which must lie ahead.</summary>
    public DateTimeOffset? GetFutureTime(Option<string?> option)
    {
        var time = GetTime(option);
        return time <= Now ? throw CliFailure.Usage($"{option.Name} is in the past ({time:yyyy-MM-dd HH:mm:ss}Z)") : time;
    }

    /// <summary>The same, where a span counts back from now.</summary>
    public DateTimeOffset? GetPastTime(Option<string?> option) =>
        line.GetValue(option) is { } text && ConfigurationReader.TryParseDuration(text, out var span) ? Now - span : GetTime(option);

    /// <summary>Makes a repeated request harmless (AIP-155).</summary>
    public static string NewRequestId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public CliFailure FailureOf(RpcException fault) => RpcFailures.Of(fault, Address, link?.Trust?.LastFault);

    /// <summary>After a command that worked: a client certificate near its end is replaced, so that nobody has to think of it.</summary>
    public async Task RenewIdentityAsync()
    {
        if (link is null || !link.WantsRenewal(Now)) return;
        try
        {
            await OperatorRenewal.RenewAsync(link.Invoker, Call, IdentityDirectory);
        }
        catch (Exception fault) when (fault is RpcException or IdentityException or IOException)
        {
            Printer.Note($"warning: the client certificate in {IdentityDirectory} could not be renewed: {fault.Message}");
        }
    }

    public int Fail(CliFailure failure)
    {
        FailureReport.Write(failure, globals.FormatOf(line), environment);
        return failure.ExitCode;
    }

    public void Dispose() => link?.Dispose();
}

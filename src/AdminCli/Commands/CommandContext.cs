using System.CommandLine;
using System.Security.Cryptography;
using Grpc.Core;
using GrpcCa.AdminCli.Connection;
using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli.Commands;

/// <summary>What one run of a verb works with: its arguments, the server, and the way to print.</summary>
internal sealed class CommandContext(ParseResult line, GlobalOptions globals, CliEnvironment environment, CancellationToken cancel) : IDisposable
{
    private ControlPlaneLink? link;
    private ServerAddress? address;

    public Printer Printer { get; } = new(environment, globals.FormatOf(line), globals.ColoursOf(line, environment));

    public CliEnvironment Environment => environment;

    public CancellationToken Cancel => cancel;

    public ServerAddress Address => address ??= globals.AddressOf(line, environment);

    public string IdentityDirectory => globals.IdentityOf(line, environment);

    public TimeSpan Timeout => line.GetValue(globals.Timeout);

    public DateTimeOffset Now => environment.Time.GetUtcNow();

    /// <summary>The connection, made at the first call.</summary>
    public CallInvoker Server => (link ??= ControlPlaneLink.Open(Address, IdentityDirectory, environment.Time)).Invoker;

    /// <summary>Deadline and cancellation of one call.</summary>
    public CallOptions Call => new(deadline: Now.UtcDateTime + Timeout, cancellationToken: cancel);

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
        catch (RpcException refused) when (refused.StatusCode == StatusCode.NotFound)
        {
            var failure = RpcFailures.Of(refused, Address);
            throw await KnownResources.ClosestAsync(this, resource) is { } close ? failure.WithHint($"did you mean '{close}'?") : failure;
        }
    }

    /// <summary>A point in time from an option; null when it was not given.</summary>
    public DateTimeOffset? GetTime(Option<string?> option)
    {
        if (line.GetValue(option) is not { } text) return null;
        return When.TryParse(text, Now, out var time) ? time : throw CliFailure.Usage($"{option.Name} '{text}' is not {When.Forms}");
    }

    /// <summary>Makes a repeated request harmless (AIP-155).</summary>
    public static string NewRequestId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public int Fail(CliFailure failure)
    {
        FailureReport.Write(failure, globals.FormatOf(line), environment);
        return failure.ExitCode;
    }

    public void Dispose() => link?.Dispose();
}

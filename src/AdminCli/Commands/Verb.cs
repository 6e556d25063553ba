using System.CommandLine;
using Grpc.Core;
using GrpcCa.Protocol.Identity;

namespace GrpcCa.AdminCli.Commands;

/// <summary>A command that does something: its options are properties, its work is one method.</summary>
internal abstract class Verb : Command, IExampled
{
    protected Verb(string name, string description) : base(name, description) => SetAction(InvokeAsync);

    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>Does the work and answers with the exit code; what does not work is a <see cref="CliFailure"/>.</summary>
    protected abstract Task<int> RunAsync(CommandContext context);

    private async Task<int> InvokeAsync(ParseResult line, CancellationToken cancel)
    {
        var invocation = (CliInvocation)line.InvocationConfiguration;
        using var context = new CommandContext(line, invocation.Globals, invocation.Environment, cancel);
        try
        {
            var exitCode = await RunAsync(context);
            await context.RenewIdentityAsync();
            return exitCode;
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            // Whatever the interruption broke, the person knows why.
            return ExitCodes.Interrupted;
        }
        catch (CliFailure failure)
        {
            return context.Fail(failure);
        }
        catch (RpcException refused)
        {
            return context.Fail(context.FailureOf(refused));
        }
        catch (IdentityException fault)
        {
            return context.Fail(new CliFailure(ExitCodes.NotAllowed, "IDENTITY", fault.Message, cause: fault));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return context.Fail(new CliFailure(ExitCodes.Failed, "FILE", fault.Message, cause: fault));
        }
    }
}

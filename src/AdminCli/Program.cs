using GrpcCa.Host;

namespace GrpcCa.AdminCli;

/// <summary>The process <c>grpcca</c>.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args)
    {
        SystemRoots.LeaveUnread();
        return CliApp.RunAsync(args, CliEnvironment.OfProcess());
    }
}

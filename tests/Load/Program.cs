using System.Net.Sockets;
using System.Security.Authentication;
using GrpcCa.Load;
using GrpcCa.Load.Acme;
using GrpcCa.Load.Http;

if (args is [] or ["--help"] or ["-h"])
{
    Console.WriteLine(LoadOptions.Usage);
    return args.Length == 0 ? 2 : 0;
}
using var stopped = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stopped.Cancel();
};
try
{
    var options = LoadOptions.Parse(args);
    if (options.Mode is LoadMode.Start or LoadMode.Malformed)
    {
        using var thread = new ClientThread();
        return await thread.RunAsync(() => options.Mode == LoadMode.Start ? new StartRun(options).RunAsync(stopped.Token) : MalformedAsync(options, stopped.Token));
    }
    var report = await new LoadRun(options).RunAsync(stopped.Token);
    Console.Write(report.ToText());
    if (options.JsonFile is { } file) report.WriteJson(file);
    return report.Errors.Count == 0 ? 0 : 3;
}
catch (Exception fault) when (fault is FormatException)
{
    Console.Error.WriteLine($"grpcca-load: {fault.Message}");
    return 2;
}
catch (Exception fault) when (fault is AcmeProblemException or IOException or SocketException or AuthenticationException or OperationCanceledException)
{
    Console.Error.WriteLine($"grpcca-load: {(fault as AcmeProblemException)?.Kind} {fault.Message}");
    return 1;
}

static async Task<int> MalformedAsync(LoadOptions options, CancellationToken cancellationToken)
{
    await using var malformed = new MalformedRun(options);
    return await malformed.RunAsync(cancellationToken);
}

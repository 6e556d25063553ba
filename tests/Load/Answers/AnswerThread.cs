using System.Net.Sockets;

namespace GrpcCa.Load.Answers;

/// <summary>
/// A thread that waits for a socket in the kernel: half of the calls and of the wake-ups of one that is polled for, and a measurement's
/// load is to take little of the machine that it measures.
/// </summary>
internal static class AnswerThread
{
    /// <summary>Runs what ends only by a fault of its socket; ends when the token says so, which closes the socket.</summary>
    public static async Task Run(string name, Socket socket, Action serve, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                serve();
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
            {
                if (cancellationToken.IsCancellationRequested) ended.SetResult();
                else ended.SetException(fault);
            }
        })
        { IsBackground = true, Name = name };
        await using var closing = cancellationToken.UnsafeRegister(static s => ((Socket)s!).Dispose(), socket);
        thread.Start();
        await ended.Task;
    }
}

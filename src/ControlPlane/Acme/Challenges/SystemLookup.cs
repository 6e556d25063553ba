using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>
/// Asks the system's resolver, as any program on this host would, but for a full name never its search list. The system's
/// call keeps its thread until there is an answer, 10 s and more where nobody gives one. The platform makes it on threads of its pool, so
/// that a few dozen names whose servers are silent would stop everything else, revocations too: here each has a thread of its own.
/// </summary>
internal sealed class SystemLookup
{
    private readonly Channel<bool> places;
    private readonly Func<string, IPAddress[]> ask;

    /// <param name="most">How many names are asked for at once; who comes then waits, within its own bound.</param>
    /// <param name="ask">The system's call.</param>
    public SystemLookup(int most, Func<string, IPAddress[]> ask)
    {
        this.ask = ask;
        places = Channel.CreateBounded<bool>(most);
        for (var i = 0; i < most; i++) places.Writer.TryWrite(true);
    }

    public async Task<Resolution> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        if (HostsFile.Find(name) is { IsEmpty: false } listed) return new Resolution(listed, null);
        try
        {
            // The dot at the end keeps nas.net.gq from becoming nas.net.gq.<search domain>, which is somebody else's name.
            // A single label has no other chance than the search list.
            var asked = name.Contains('.', StringComparison.Ordinal) ? name + "." : name;
            var addresses = await AskAsync(asked, cancellationToken);
            return addresses.Length > 0 ? new Resolution([.. addresses], null) : NoRecords(name);
        }
        catch (SocketException fault)
        {
            return fault.SocketErrorCode switch
            {
                SocketError.HostNotFound => Resolution.Failed($"DNS knows no name {name} (NXDOMAIN or no addresses, from the system's resolver)"),
                SocketError.NoData => NoRecords(name),
                SocketError.TryAgain => Resolution.Failed($"DNS failed for {name}: the system's resolver got no usable answer (timeout or SERVFAIL)"),
                _ => Resolution.Failed($"DNS failed for {name}: the system's resolver reports {fault.SocketErrorCode}"),
            };
        }
        catch (TaskSchedulerException)
        {
            return Resolution.Failed($"DNS could not be asked for {name}: the system gives no thread for it");
        }
        catch (ArgumentException)
        {
            return Resolution.Failed($"DNS cannot be asked for {name}: the name is too long");
        }
    }

    // Who no longer waits leaves the thread behind, which gives its place back when the system answers.
    private async Task<IPAddress[]> AskAsync(string name, CancellationToken cancellationToken)
    {
        await places.Reader.ReadAsync(cancellationToken);
        Task<IPAddress[]> asking;
        try
        {
            asking = Task.Factory.StartNew(() => ask(name), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch
        {
            places.Writer.TryWrite(true);
            throw;
        }
        _ = asking.ContinueWith(
            asked =>
            {
                _ = asked.Exception; // of whom nobody waits for any more
                places.Writer.TryWrite(true);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return await asking.WaitAsync(cancellationToken);
    }

    private static Resolution NoRecords(string name) => Resolution.Failed($"DNS has no A or AAAA records for {name} (from the system's resolver)");

    /// <summary>The hosts file, which a name with a dot at the end would miss.</summary>
    private static class HostsFile
    {
        private const string Path = "/etc/hosts";

        public static ImmutableArray<IPAddress> Find(string name)
        {
            var found = ImmutableArray.CreateBuilder<IPAddress>();
            try
            {
                foreach (var line in File.ReadLines(Path))
                {
                    var words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                    if (words.Length > 1 && words.Skip(1).Contains(name, StringComparer.OrdinalIgnoreCase) && IPAddress.TryParse(words[0], out var address))
                        found.Add(address);
                }
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // Where the file is not there or cannot be read to its end the system asks its servers (nsswitch.conf(5)), and so do we.
                return [];
            }
            return found.ToImmutable();
        }
    }
}
